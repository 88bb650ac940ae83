package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/haproof/haproof/harness"
)

// linesEvery is the time between two lines of one phase.
const linesEvery = 5 * time.Second

// lines shows progress where no bar can be drawn: a line per change of phase,
// and one every five seconds.
type lines struct {
	to  io.Writer
	now func() time.Time

	mu   sync.Mutex
	was  string
	when time.Time
}

var _ display = (*lines)(nil)

func newLines(to io.Writer, now func() time.Time) *lines { return &lines{to: to, now: now} }

func (l *lines) show(p harness.Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if place(p) == l.was && now.Sub(l.when) < linesEvery {
		return
	}
	l.was, l.when = place(p), now
	fmt.Fprintln(l.to, joined(place(p), amount(p), figures(p)))
}

func (l *lines) close() {}
