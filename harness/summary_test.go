package harness

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const milli = time.Millisecond

// at is an attempt that was due and sent at sent, and answered after took.
func at(sent, took time.Duration) Attempt {
	return Attempt{Intended: sent, Sent: sent, Done: sent + took, Status: 200, Outcome: OK}
}

func TestSummaryAddsUpWhatTheAttemptsSay(t *testing.T) {
	rec := &Record{
		Driven: Driven{Offered: 5, Length: 1000 * milli, CPU: 7 * milli},
		Attempts: []Attempt{
			{Seq: 0, Intended: 0, Sent: 10 * milli, Done: 40 * milli, Status: 200, Bytes: 100, TLS: true, Dynamic: true, Outcome: OK},
			{Seq: 1, Intended: 250 * milli, Sent: 250 * milli, Done: 260 * milli, Status: 204, Outcome: OK},
			{Seq: 2, Intended: 500 * milli, Sent: 500 * milli, Done: 1000 * milli, Dynamic: true, Outcome: Indeterminate, Cause: CauseTimeout},
			{Seq: 3, Intended: 750 * milli, Sent: 750 * milli, Done: 751 * milli, Dynamic: true, Outcome: Failed, Cause: CauseConnect},
		},
	}
	want := Summary{
		Attempts: 4, Offered: 5, OK: 2, Failed: 1, Indeterminate: 1,
		Dynamic: 1, // only one answer bore the mark
		OverTLS: 1, BytesIn: 100,
		Causes:   map[Cause]uint64{CauseTimeout: 1, CauseConnect: 1},
		Statuses: map[int]uint64{200: 1, 204: 1},
		Length:   1000 * milli, OfferedRPS: 4, AchievedRPS: 2, GeneratorCPU: 7 * milli,
		Response: Quantiles{N: 4, Min: 1 * milli, Mean: 137750 * time.Microsecond, P50: 10 * milli, P90: 500 * milli, P99: 500 * milli, P999: 500 * milli, Max: 500 * milli},
		Service:  Quantiles{N: 4, Min: 1 * milli, Mean: 135250 * time.Microsecond, P50: 10 * milli, P90: 500 * milli, P99: 500 * milli, P999: 500 * milli, Max: 500 * milli},
		Lag:      Quantiles{N: 4, Mean: 2500 * time.Microsecond, P90: 10 * milli, P99: 10 * milli, P999: 10 * milli, Max: 10 * milli},
		Series: []Moment{
			{At: 0, Length: 100 * milli, Done: 1, P50: 40 * milli, P99: 40 * milli},
			{At: 100 * milli, Length: 100 * milli},
			{At: 200 * milli, Length: 100 * milli, Done: 1, P50: 10 * milli, P99: 10 * milli},
			{At: 300 * milli, Length: 100 * milli}, {At: 400 * milli, Length: 100 * milli}, {At: 500 * milli, Length: 100 * milli}, {At: 600 * milli, Length: 100 * milli},
			{At: 700 * milli, Length: 100 * milli, Done: 1, Errors: 1, P50: milli, P99: milli},
			{At: 800 * milli, Length: 100 * milli},
			{At: 900 * milli, Length: 100 * milli, Done: 1, Errors: 1, P50: 500 * milli, P99: 500 * milli}, // ended at the very end
		},
	}
	// Histograms answer to three significant digits, never below the exact value.
	digits := cmp.Comparer(func(a, b time.Duration) bool { return max(a, b)-min(a, b) <= max(a, b)/1000 })
	if diff := cmp.Diff(want, Summarise(rec), digits, cmpopts.IgnoreFields(Quantiles{}, "Spectrum")); diff != "" {
		t.Error(diff)
	}
}

func TestSummaryOfNothingHasNoFigures(t *testing.T) {
	for name, rec := range map[string]*Record{
		"empty":       {},
		"interrupted": {Interrupted: true, Driven: Driven{Offered: 3}},
		"search":      {Cell: Cell{Scenario: Scenario{Workload: Workload{Rate: 5, Search: &Search{}}}}},
		"no stairs":   {Cell: Cell{Scenario: Scenario{Workload: Workload{Search: climb}}}},
	} {
		want := Summary{Offered: rec.Driven.Offered, Causes: map[Cause]uint64{}, Statuses: map[int]uint64{}}
		if diff := cmp.Diff(want, Summarise(rec)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestSummaryNeverAchievesMoreThanWasOffered(t *testing.T) {
	for n := 1; n <= 10; n++ {
		rec := &Record{Cell: Cell{Scenario: Scenario{Workload: Workload{Rate: 100}}}}
		for k := range n {
			rec.Attempts = append(rec.Attempts, at(time.Duration(k)*10*milli, time.Microsecond))
		}
		s := Summarise(rec)
		if math.Abs(s.OfferedRPS-100) > 1e-9 || s.AchievedRPS > s.OfferedRPS+1e-9 || s.AchievedRPS < 99.9 {
			t.Errorf("%d attempts: offered %v/s, achieved %v/s", n, s.OfferedRPS, s.AchievedRPS)
		}
	}
}

func TestSeriesAndSpectrumStayBounded(t *testing.T) {
	rec := &Record{}
	for k := range 5000 {
		rec.Attempts = append(rec.Attempts, at(time.Duration(k)*time.Second, time.Duration(k)))
	}
	rec.Attempts = append(rec.Attempts, Attempt{Done: -5}, Attempt{Done: 1 << 62}) // nonsense must not panic
	s := Summarise(rec)
	var done uint64
	for _, m := range s.Series {
		done += m.Done
	}
	if len(s.Series) != 300 || done != 5002 || len(s.Response.Spectrum) == 0 || len(s.Response.Spectrum) > 60 {
		t.Errorf("%d slices with %d attempts, %d points of spectrum", len(s.Series), done, len(s.Response.Spectrum))
	}
}
