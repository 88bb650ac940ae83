//go:build amd64 || arm64

package driver

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/haproof/haproof/harness/stats"
)

// BenchmarkBareWait says how late the machine ends a wait of a shard that has nothing to
// do: below that no lag can be without spinning. Each round is a wait for the next millisecond.
func BenchmarkBareWait(b *testing.B) {
	runtime.LockOSThread() // never unlocked: the thread ends with its timer slack
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0); err != nil {
		b.Fatal(err)
	}
	p, err := newPoller()
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = p.close() }()
	late := stats.NewHistogram()
	for due := time.Now(); b.Loop(); {
		due = due.Add(time.Millisecond)
		if patience := time.Until(due); patience > 0 {
			if _, err := p.wait(patience); err != nil {
				b.Fatal(err)
			}
		}
		late.Record(time.Since(due))
	}
	b.ReportMetric(float64(late.Quantile(0.5).Nanoseconds())/1e3, "p50-µs")
	b.ReportMetric(float64(late.Quantile(0.99).Nanoseconds())/1e3, "p99-µs")
}
