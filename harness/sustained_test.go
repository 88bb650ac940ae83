package harness

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// climb has stairs of one second; at 100/s one late response of a hundred is
// within its p99.
var climb = &Search{
	Objective: Objective{Quantile: 0.99, Latency: 50 * milli, Achieved: 0.98},
	Step:      time.Second, From: 0.5, To: 2, Stairs: 3,
}

// stairsRecord is a search whose stairs are each offered 100/s and look as given.
func stairsRecord(stairs ...func(k int) Attempt) *Record {
	rec := &Record{Cell: Cell{Scenario: Scenario{Workload: Workload{Search: climb}}}}
	for i, look := range stairs {
		rec.Driven.StairRPS = append(rec.Driven.StairRPS, 100)
		for k := range 100 {
			a := look(k)
			if a.Status == -1 {
				continue // never sent
			}
			shift := time.Duration(i)*time.Second + time.Duration(k)*10*milli
			a.Stair, a.Intended, a.Sent, a.Done = i, a.Intended+shift, a.Sent+shift, a.Done+shift
			rec.Attempts = append(rec.Attempts, a)
		}
	}
	return rec
}

func good(int) Attempt { return at(0, 10*milli) }

// first changes the first n attempts of a stair.
func first(n int, to Attempt) func(k int) Attempt {
	return func(k int) Attempt {
		if k < n {
			return to
		}
		return good(k)
	}
}

func TestSustainedIsTheStairBeforeTheFirstViolated(t *testing.T) {
	backlog := func(k int) Attempt { return at(0, time.Duration(k)*2*milli) } // up to 198 ms at the end
	failed := Attempt{Done: milli, Outcome: Indeterminate, Cause: CauseReset}
	met := Stair{OfferedRPS: 100, AchievedRPS: 100, Quantile: 10 * milli, Met: true}
	for _, c := range []struct {
		name string
		rec  *Record
		want Sustained
	}{
		{"all met", stairsRecord(good, good),
			Sustained{MetRPS: 100, Why: "every stair met the objective: the maximum lies higher", Stairs: []Stair{met, met}}},
		{"one late response of a hundred", stairsRecord(first(1, at(0, 400*milli))),
			Sustained{MetRPS: 100, Why: "every stair met the objective: the maximum lies higher", Stairs: []Stair{met}}},
		{"two late responses of a hundred", stairsRecord(good, first(2, at(0, 400*milli))),
			Sustained{MetRPS: 100, ViolatedRPS: 100, Why: "p99 of response time was 400ms at 100/s, the objective is 50ms",
				Stairs: []Stair{met, {OfferedRPS: 100, AchievedRPS: 100, Quantile: 400 * milli}}}},
		{"one error", stairsRecord(first(1, failed), good),
			Sustained{ViolatedRPS: 100, Why: "1 attempts did not go as expected at 100/s",
				Stairs: []Stair{{OfferedRPS: 100, AchievedRPS: 99, Quantile: 10 * milli, Errors: 1}, met}}},
		{"a later stair that recovers proves nothing", stairsRecord(good, backlog, good),
			Sustained{MetRPS: 100, ViolatedRPS: 100, Why: "p99 of response time was 196ms at 100/s, the objective is 50ms",
				Stairs: []Stair{met, {OfferedRPS: 100, AchievedRPS: 88, Quantile: 196 * milli}, met}}}, // from the 88th on they end after 1,050 ms
		{"three of a hundred were never sent", stairsRecord(first(3, Attempt{Status: -1})),
			Sustained{ViolatedRPS: 100, Why: "only 97/s completed in time of 100/s offered",
				Stairs: []Stair{{OfferedRPS: 100, AchievedRPS: 97, Quantile: 10 * milli}}}},
		{"nothing was sent", stairsRecord(first(100, Attempt{Status: -1})),
			Sustained{ViolatedRPS: 100, Why: "only 0/s completed in time of 100/s offered", Stairs: []Stair{{OfferedRPS: 100}}}},
	} {
		if diff := cmp.Diff(&c.want, Summarise(c.rec).Sustained); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestSustainedLeavesOutTheStairThatWasCutShort(t *testing.T) {
	for why, spoil := range map[string]func(*Record){
		"interrupted": func(r *Record) { r.Interrupted = true },
		"broke off":   func(r *Record) { r.Error = "wait for the next attempt: no such timer" },
	} {
		rec := stairsRecord(good, first(80, Attempt{Status: -1}))
		spoil(rec)
		if got := Summarise(rec).Sustained; got.MetRPS != 100 || got.ViolatedRPS != 0 || len(got.Stairs) != 1 {
			t.Errorf("%s: got %+v", why, got)
		}
	}
}
