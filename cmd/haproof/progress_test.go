package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

func TestLinesComePerPhaseAndEveryFiveSeconds(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	l := newLines(&out, func() time.Time { return now })
	at := func(second int, p harness.Progress) {
		now = time.Unix(int64(second), 0)
		l.show(p)
	}
	at(0, harness.Progress{Cell: "only", Phase: "starting"})
	at(1, harness.Progress{Cell: "only", Phase: "starting"}) // too soon
	driving := harness.Progress{Cell: "only", Trial: "1", Phase: "driving", Total: 1000}
	at(2, driving)
	driving.Done, driving.RateRPS, driving.Errors, driving.LagP99 = 400, 199.6, 2, 1234567*time.Nanosecond
	at(6, driving) // too soon
	at(7, driving)
	driving.Total = 0
	at(12, driving)
	want := []string{
		"only starting",
		"only trial 1 driving",
		"only trial 1 driving  400 of 1000  200/s  2 errors  lag p99 1.23ms",
		"only trial 1 driving  400  200/s  2 errors  lag p99 1.23ms",
	}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(out.String()), "\n")); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestBarGivesTheLogBack(t *testing.T) {
	var stderr bytes.Buffer
	log := newLogs(&stderr)
	b := newBar(&stderr, log)
	b.show(harness.Progress{Cell: "only", Phase: "driving", Done: 5, Total: 10})
	log.Info("meanwhile")
	b.show(harness.Progress{Cell: "only", Phase: "settling"}) // back to nothing done
	b.close()
	log.Info("afterwards")
	for _, want := range []string{"meanwhile", "afterwards"} {
		if strings.Count(stderr.String(), want) != 1 {
			t.Errorf("got %q, want %q once", stderr.String(), want)
		}
	}
}
