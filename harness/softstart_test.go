package harness

import (
	"testing"
	"time"
)

// TestTheSoftStartIsCountedAndNotTimed has slow attempts in the soft start and fast ones
// after it.
func TestTheSoftStartIsCountedAndNotTimed(t *testing.T) {
	rec := &Record{}
	rec.Cell.Scenario.Workload.SoftStart = time.Second
	rec.Cell.Scenario.Workload.Rate = 10
	rec.Disturbances = []Disturbance{{Began: 1500 * time.Millisecond, Ended: 2 * time.Second, Whole: 2 * time.Second}}
	for k := range 30 {
		at := time.Duration(k) * 100 * time.Millisecond
		took := time.Millisecond
		if at < time.Second {
			took = 90 * time.Millisecond
		}
		rec.Attempts = append(rec.Attempts, Attempt{Seq: uint64(k), Intended: at, Sent: at, Done: at + took, Outcome: OK})
	}
	s := Summarise(rec)
	if s.Attempts != 30 || s.OK != 30 || s.Response.N != 20 || s.Response.Max > 2*time.Millisecond {
		t.Errorf("summary of %d attempts, %d ok, response %+v", s.Attempts, s.OK, s.Response)
	}
	var done uint64
	for _, m := range s.Series {
		done += m.Done
		if m.P99 > 2*time.Millisecond {
			t.Errorf("p99 of %v at %v", m.P99, m.At)
		}
	}
	phases := PhasesOf(rec)
	before := phases[0].Before
	if done != 30 || before.Attempts != 15 || before.P99 > 2*time.Millisecond {
		t.Errorf("%d in the series; before the fault %+v", done, before)
	}
}
