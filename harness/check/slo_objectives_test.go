package check

import (
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/stats"
)

// firstBytes gives a record statistics with these times to the first byte.
func firstBytes(times ...time.Duration) func(*harness.Record) {
	return func(r *harness.Record) {
		h := stats.NewHistogram()
		for _, d := range times {
			h.Record(d)
		}
		d, _ := harness.DistributionOf(h)
		r.Driven.Statistics = &harness.Statistics{FirstByte: d}
	}
}

// shedAll has the first n attempts shed.
func shedAll(n int) func(*harness.Record) {
	return func(r *harness.Record) {
		for i := range n {
			a := &r.Attempts[i]
			a.Cause, a.Outcome, a.Status = harness.CauseShed, harness.Failed, 0
		}
	}
}

func TestObjectivesOnOtherTimesThanTheResponse(t *testing.T) {
	for option, rows := range map[string][]judged{
		"service-p90": {
			{"late, not slow", lasting(11, time.Millisecond, 60*time.Millisecond), harness.Pass, "met", "want less than 50ms"},
			{"slow", lasting(11, 60*time.Millisecond, 0), harness.Fail, "missed: service-p90", ""},
		},
		"lag-p90": {
			{"late", lasting(11, time.Millisecond, 60*time.Millisecond), harness.Unknown, "being late or at its limit: lag-p90", ""},
			{"slow", lasting(11, 60*time.Millisecond, 0), harness.Pass, "met", ""},
		},
		"ttfb-p90": {
			{"nobody measured", nothing, harness.Unknown, "nobody measured: ttfb-p90", ""},
			{"soon", firstBytes(time.Millisecond), harness.Pass, "met", "1ms, want less than 50ms"},
			{"later", firstBytes(time.Millisecond, time.Second), harness.Fail, "missed: ttfb-p90", ""},
			{"garbled", func(r *harness.Record) {
				firstBytes(1)(r)
				r.Driven.Statistics.FirstByte.Histogram = "HISTFAAAA"
			}, harness.Unknown, "cannot be read", ""},
		},
	} {
		run(t, harness.CheckSpec{Name: "slo", Options: map[string]string{option: "50ms"}}, rows)
	}
}

func TestObjectivesAreAsStrictAsTheyAreWritten(t *testing.T) {
	half := func(r *harness.Record) {
		for i := range r.Attempts {
			a := &r.Attempts[i]
			a.Sent, a.Done = a.Intended, a.Intended+10*time.Millisecond
			if i < 50 {
				a.Cause = harness.CauseStatus
			}
		}
	}
	for _, row := range []struct {
		name, limit string
		want        harness.Status
	}{
		{"max", "10ms", harness.Fail}, {"max", "<10ms", harness.Fail}, {"max", "<=10ms", harness.Pass},
		{"errors", "50%", harness.Pass}, {"errors", "<=50%", harness.Pass}, {"errors", "<50%", harness.Fail}, {"errors", "<51%", harness.Pass},
		{"rate", ">1/s", harness.Pass}, {"rate", "1/s", harness.Pass}, {"rate", ">=100000/s", harness.Fail},
	} {
		run(t, harness.CheckSpec{Name: "slo", Options: map[string]string{row.name: row.limit}}, []judged{
			{row.name + row.limit, half, row.want, "", ""},
		})
	}
}

func TestRateThatALateGeneratorMissedIsUnknown(t *testing.T) {
	run(t, harness.CheckSpec{Name: "slo", Options: map[string]string{"rate": ">100000/s"}}, []judged{
		{"late", lasting(100, time.Millisecond, 60*time.Millisecond), harness.Unknown, "at its limit: rate", ""},
	})
}

func TestObjectivesLeaveTheSoftStartOutAndShedAttemptsIn(t *testing.T) {
	soft := func(r *harness.Record) {
		r.Cell.Scenario.Workload.SoftStart = 10 * time.Second
		for i := range r.Attempts {
			a := &r.Attempts[i]
			a.Intended += 10 * time.Second
			if i < 50 {
				a.Intended = time.Duration(i) * time.Millisecond
			}
			a.Sent, a.Done = a.Intended, a.Intended+time.Millisecond
			if i < 50 {
				a.Done += time.Second
			}
		}
	}
	run(t, harness.CheckSpec{Name: "slo", Options: map[string]string{"max": "50ms"}}, []judged{
		{"slow at first", soft, harness.Pass, "met", ""},
		{"shed late", func(r *harness.Record) {
			lasting(100, 0, time.Second)(r)
			shedAll(100)(r)
		}, harness.Unknown, "late or at its limit: max", ""},
		{"shed for want of an answer", func(r *harness.Record) {
			lasting(100, 0, time.Second)(r)
			shedAll(100)(r)
			for i := range r.Attempts {
				r.Attempts[i].Queued = time.Second
			}
		}, harness.Fail, "missed: max", ""},
	})
}

func TestObjectivesOfTheWrongKindAreRefused(t *testing.T) {
	for _, options := range []map[string]string{
		{"p99": ">10ms"}, {"errors": ">1%"}, {"errors": "<0%"}, {"rate": "<100/s"}, {"rate": "fast"}, {"lag": "1ms"}, {"ttfb-p42": "1ms"},
	} {
		if _, err := All([]harness.CheckSpec{{Name: "slo", Options: options}}); err == nil {
			t.Errorf("%v: accepted", options)
		}
	}
}

// TestTotalsAreHeldAgainstObjectivesAsAttemptsAre asks for limits that lie between the exact
// maximum and the end of its bucket, 20.004863 ms.
func TestTotalsAreHeldAgainstObjectivesAsAttemptsAre(t *testing.T) {
	const took = 19990 * time.Microsecond
	totals := func(r *harness.Record) {
		lasting(100, 0, took)(r)
		h := stats.NewHistogram()
		for range r.Attempts {
			h.Record(took)
		}
		d, err := harness.DistributionOf(h)
		if err != nil {
			t.Fatal(err)
		}
		n := uint64(len(r.Attempts))
		r.Attempts, r.Totals = nil, &harness.Totals{
			Counts: harness.Summary{Attempts: n, OK: n}, Response: d, Service: d,
			Window: harness.Window{Attempts: n, OK: n, Last: time.Second, Done: time.Second},
		}
	}
	for _, option := range []string{"max", "p99", "service-max"} {
		run(t, harness.CheckSpec{Name: "slo", Options: map[string]string{option: "20ms"}}, []judged{{"above the exact one", totals, harness.Pass, "met over 100", ""}})
		run(t, harness.CheckSpec{Name: "slo", Options: map[string]string{option: "19990us"}}, []judged{{"the exact one", totals, harness.Fail, "missed: " + option, ""}})
	}
}
