package main

import (
	"io"
	"sync"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/haproof/haproof/harness"
)

// bar shows progress on one line of a terminal. Meanwhile the log is written
// above it.
type bar struct {
	container *mpb.Progress
	bar       *mpb.Bar
	log       *logs
	logWas    io.Writer

	mu  sync.Mutex
	now harness.Progress
}

var _ display = (*bar)(nil)

func newBar(to io.Writer, log *logs) *bar {
	b := &bar{container: mpb.New(mpb.WithOutput(to), mpb.WithWidth(30), mpb.WithAutoRefresh()), log: log}
	b.bar = b.container.New(0, mpb.BarStyle(),
		mpb.PrependDecorators(decor.Any(b.text(place), decor.WC{C: decor.DextraSpace})),
		mpb.AppendDecorators(decor.Any(b.text(func(p harness.Progress) string {
			return " " + joined(amount(p), figures(p))
		}))))
	b.logWas = log.move(b.container)
	return b
}

// text makes a decoration of what is shown now.
func (b *bar) text(of func(harness.Progress) string) decor.DecorFunc {
	return func(decor.Statistics) string {
		b.mu.Lock()
		defer b.mu.Unlock()
		return of(b.now)
	}
}

func (b *bar) show(p harness.Progress) {
	b.mu.Lock()
	b.now = p
	b.mu.Unlock()
	b.bar.SetTotal(int64(max(p.Total, p.Done, 1)), false)
	b.bar.SetCurrent(int64(p.Done))
}

func (b *bar) close() {
	b.log.move(b.logWas)
	b.bar.Abort(true)
	b.container.Wait()
}
