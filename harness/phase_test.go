package harness

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// faultAt is a fault that was played from began to ended; the lab was whole at whole.
func faultAt(node string, began, ended, whole time.Duration) Disturbance {
	return Disturbance{Fault: Fault{At: began, Do: FaultStop, Node: node}, Began: began, Ended: ended, Whole: whole}
}

// steady is an attempt each 10 ms, which takes as long as took says of its end.
func steady(length time.Duration, took func(end time.Duration) time.Duration) []Attempt {
	var list []Attempt
	for end := 10 * time.Millisecond; end < length; end += 10 * time.Millisecond {
		list = append(list, Attempt{Seq: uint64(len(list)), Intended: end - took(end), Done: end, Status: 200, Outcome: OK})
	}
	return list
}

func TestPhasesLieBeforeDuringAndAfterAFault(t *testing.T) {
	rec := &Record{Driven: Driven{Length: 10 * second}}
	rec.Disturbances = []Disturbance{faultAt("tracker1", 2*second, 4*second, 5*second)}
	rec.Attempts = steady(10*second, func(end time.Duration) time.Duration {
		if end >= 2*second && end < 5*second {
			return 30 * time.Millisecond
		}
		return 3 * time.Millisecond
	})
	rec.Attempts[299].Cause = CauseReset   // ends at 3 s
	rec.Attempts[300].Cause = CauseAborted // as it should
	rec.Cell.Scenario.Workload.Abort = &Abort{Share: 1, When: AbortAsked}
	rec.Attempts[700].Outcome = Indeterminate
	want := []Phases{{
		Recovery: second,
		Before:   Phase{To: 2 * second, Attempts: 199, RateRPS: 99.5, P50: 3 * time.Millisecond, P99: 3 * time.Millisecond},
		During: Phase{From: 2 * second, To: 5 * second, Attempts: 300, Errors: 1, Causes: map[Cause]uint64{CauseReset: 1}, RateRPS: 100,
			P50: 30 * time.Millisecond, P99: 30 * time.Millisecond},
		After: Phase{From: 5 * second, To: 10 * second, Attempts: 500, Errors: 1, Causes: map[Cause]uint64{unexplained: 1}, RateRPS: 100,
			P50: 3 * time.Millisecond, P99: 3 * time.Millisecond},
	}}
	got := PhasesOf(rec)
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 0.001)); diff != "" {
		t.Error(diff)
	}
}

func TestAClientThatNobodyWantsToLeaveIsAnError(t *testing.T) {
	rec := &Record{Driven: Driven{Length: 3 * second}, Disturbances: []Disturbance{faultAt("tracker1", second, second, 2*second)}}
	rec.Attempts = steady(3*second, func(time.Duration) time.Duration { return 0 })
	rec.Attempts[150].Cause = CauseAborted
	if got := PhasesOf(rec)[0].During.Causes; !cmp.Equal(got, map[Cause]uint64{CauseAborted: 1}) {
		t.Errorf("causes %v", got)
	}
}

func TestPhasesOfSeveralFaultsEndWhereTheNextBegins(t *testing.T) {
	rec := &Record{Driven: Driven{Length: 10 * second}}
	rec.Disturbances = []Disturbance{
		faultAt("tracker1", -second, -second/2, -second/4),
		{Fault: Fault{Do: FaultKill}, Error: "not played"},
		faultAt("tracker1", 2*second, 4*second, 0),
		faultAt("tracker2", 3*second, 6*second, 7*second),
		faultAt("tracker1", 8*second, 9*second, 99*second),
	}
	type bounds struct{ Disturbance, BeforeTo, From, To, AfterTo int }
	var got []bounds
	for _, p := range PhasesOf(rec) {
		seconds := func(d time.Duration) int { return int(d / second) }
		got = append(got, bounds{p.Disturbance, seconds(p.Before.To), seconds(p.During.From), seconds(p.During.To), seconds(p.After.To)})
	}
	want := []bounds{{0, 0, 0, 0, 2}, {2, 0, 2, 4, 8}, {3, 0, 3, 7, 8}, {4, 0, 8, 10, 10}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPhasesOfAThousandFaultsAreBounded(t *testing.T) {
	rec := &Record{Driven: Driven{Length: 10 * second}}
	for i := range 1000 {
		at := time.Duration(i) * time.Millisecond
		rec.Disturbances = append(rec.Disturbances, faultAt("tracker1", at, at, at))
	}
	if n := len(PhasesOf(rec)); n != MaxPhases {
		t.Errorf("%d phases", n)
	}
	if PhasesOf(&Record{}) != nil {
		t.Error("phases without a fault")
	}
}

// TestPhasesHoldWhatEndedInThem compares with a loop over all attempts for each
// phase, for faults and attempts by chance.
func TestPhasesHoldWhatEndedInThem(t *testing.T) {
	const seed = 5
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range 100 {
		rec := &Record{Driven: Driven{Length: 1000}}
		for range random.IntN(6) {
			began := time.Duration(random.IntN(1200) - 200)
			ended := began + time.Duration(random.IntN(300))
			rec.Disturbances = append(rec.Disturbances, faultAt("tracker1", began, ended, ended+time.Duration(random.IntN(50))))
		}
		for range random.IntN(500) {
			done := time.Duration(random.IntN(1100))
			rec.Attempts = append(rec.Attempts, Attempt{Done: done, Intended: done - time.Duration(random.IntN(50)), Outcome: OK})
		}
		for _, p := range PhasesOf(rec) {
			for _, phase := range []Phase{p.Before, p.During, p.After} {
				var latencies []time.Duration
				for _, a := range rec.Attempts {
					if phase.From <= a.Done && a.Done < phase.To {
						latencies = append(latencies, a.Latency())
					}
				}
				if uint64(len(latencies)) != phase.Attempts || len(latencies) > 0 && slices.Max(latencies) < phase.P99 {
					t.Fatalf("seed %d round %d: %d attempts end in %+v", seed, round, len(latencies), phase)
				}
			}
		}
	}
}
