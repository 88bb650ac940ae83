package daemon

import (
	"log/slog"
	"sync"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

// maxAlike is how many events with the same text are logged in a second. Strangers
// can cause as many as they please.
const maxAlike = 20

// events logs what happens to peers.
type events struct {
	log *slog.Logger
	now func() time.Time

	mu     sync.Mutex
	second int64
	alike  map[string]int // by text, in this second
}

func newEvents(log *slog.Logger) *events {
	return &events{log: log, now: time.Now, alike: make(map[string]int)}
}

// add logs an event, unless there were too many like it in the same second; those are
// counted.
func (l *events) add(e tracker.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if second := l.now().Unix(); second != l.second {
		l.sumUp()
		l.second = second
	}
	l.alike[e.Text]++
	if l.alike[e.Text] <= maxAlike {
		l.write(e)
	}
}

// sumUp says how many were not logged.
func (l *events) sumUp() {
	for text, n := range l.alike {
		if n > maxAlike {
			l.log.Warn(text+": more of them were not logged", "number", n-maxAlike)
		}
		delete(l.alike, text)
	}
}

func (l *events) write(e tracker.Event) {
	attributes := []any{}
	if e.Source != "" {
		attributes = append(attributes, "source", e.Source)
	}
	if e.Err != nil {
		l.log.Warn(e.Text, append(attributes, "error", e.Err)...)
		return
	}
	l.log.Info(e.Text, attributes...)
}
