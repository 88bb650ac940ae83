package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

// liveTo is a live view that is drawn only when a test says so.
func liveTo(out *bytes.Buffer, width int, offered func(time.Duration) float64) (*live, time.Time) {
	log := newLogs(out)
	l := newLive(out, width, log, offered)
	close(l.stop)
	l.ended.Wait()
	l.stop = make(chan struct{})
	l.show(harness.Progress{Phase: "driving", Total: 40})
	l.began = time.Unix(100, 0)
	l.last = l.began
	return l, l.began
}

func TestLiveSaysHowEachSecondWent(t *testing.T) {
	var out bytes.Buffer
	l, began := liveTo(&out, 0, func(time.Duration) float64 { return 20 })
	ms := time.Millisecond
	for i := range 10 {
		l.watch(harness.Attempt{Outcome: harness.OK, Sent: ms, Done: time.Duration(i+1) * 10 * ms})
	}
	l.watch(harness.Attempt{Cause: harness.CauseTimeout, Done: 200 * ms})
	l.watch(harness.Attempt{Cause: harness.CauseShed, Done: 200 * ms})
	l.watch(harness.Attempt{Cause: harness.CauseShed, Done: 200 * ms})
	l.draw(began.Add(time.Second))
	l.draw(began.Add(2 * time.Second))
	l.offered = nil
	l.watch(harness.Attempt{Outcome: harness.OK, Done: 1234567})
	l.draw(began.Add(4 * time.Second))
	l.show(harness.Progress{Phase: "settling"})
	l.draw(began.Add(5 * time.Second))
	want := []string{
		"   1s  13 of 40  20/s offered, 13/s ended  p50 70.06ms  p99 200ms  max 200ms  lag p99 1ms  3 errors: 2 shed, 1 timeout",
		"   2s  13 of 40  20/s offered, 0/s ended  nothing ended  lag p99 -  3 errors: 2 shed, 1 timeout",
		"   4s  14 of 40  0/s ended  p50 1.235ms  p99 1.235ms  max 1.235ms  lag p99 0s  3 errors: 2 shed, 1 timeout",
	}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestLiveDrawsInPlaceAndPutsTheLogAbove(t *testing.T) {
	var out bytes.Buffer
	l, began := liveTo(&out, 12, nil)
	l.draw(began.Add(time.Second))
	_, _ = l.Write([]byte("log line\n"))
	l.draw(began.Add(2 * time.Second))
	l.draw(began.Add(3 * time.Second))
	const four, erase = "\n0/s ended\nnothing end\nno errors\n", "\x1b[4A\x1b[J"
	want := "   1s  0 of" + four + erase + "log line\n" + "   2s  0 of" + four + erase + "   3s  0 of" + four
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestLiveGivesTheLogBack(t *testing.T) {
	var out bytes.Buffer
	log := newLogs(&out)
	l := newLive(&out, 0, log, nil)
	log.Info("meanwhile")
	l.close()
	log.Info("afterwards")
	for _, want := range []string{"meanwhile", "afterwards"} {
		if strings.Count(out.String(), want) != 1 {
			t.Errorf("got %q, want %q once", out.String(), want)
		}
	}
}
