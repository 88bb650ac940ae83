package harness

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/haproof/haproof/harness/stats"
)

// sustained judges the stairs of a search from the attempts alone; nil if the
// trial was no search or no stair was played. The first violated stair ends it:
// a higher one that happens to meet the objective proves nothing.
func sustained(rec *Record) *Sustained {
	search := rec.Cell.Scenario.Workload.Search
	if search == nil || search.Step <= 0 {
		return nil
	}
	stairs := stairsOf(rec, search)
	if len(stairs) == 0 {
		return nil
	}
	s := &Sustained{Why: "every stair met the objective: the maximum lies higher", Stairs: stairs}
	for _, stair := range stairs {
		if !stair.Met {
			s.ViolatedRPS = stair.OfferedRPS
			s.Why = whyViolated(stair, search.Objective)
			break
		}
		s.MetRPS = stair.AchievedRPS
	}
	return s
}

// stairsOf describes every stair that was played. The last stair of a trial that
// was interrupted or broke off was cut short, which is no fault of the topology: it
// is left out.
func stairsOf(rec *Record, search *Search) []Stair {
	rates := rec.Driven.StairRPS
	if (rec.Interrupted || rec.Error != "") && len(rates) > 0 {
		rates = rates[:len(rates)-1]
	}
	byStair := make([][]*Attempt, len(rates))
	for i := range rec.Attempts {
		a := &rec.Attempts[i]
		if 0 <= a.Stair && a.Stair < len(rates) {
			byStair[a.Stair] = append(byStair[a.Stair], a)
		}
	}
	stairs := make([]Stair, len(rates))
	for i, rate := range rates {
		inTime := time.Duration(i+1)*search.Step + search.Objective.Latency
		stairs[i] = judgeStair(byStair[i], rate, search, inTime)
	}
	return stairs
}

// judgeStair compares one stair with the objective. Achieved is what completed
// of its own attempts until its end plus the objective's latency: a backlog does
// not count, and neither does one straggler weigh more than itself. Attempts
// that the schedule wanted and nobody sent count as offered.
func judgeStair(attempts []*Attempt, rateRPS float64, search *Search, inTime time.Duration) Stair {
	stair := Stair{OfferedRPS: rateRPS}
	latencies := make([]time.Duration, 0, len(attempts))
	var completed uint64
	for _, a := range attempts {
		latencies = append(latencies, a.Latency())
		if a.Cause != "" {
			stair.Errors++
		}
		if a.Outcome == OK && a.Done <= inTime {
			completed++
		}
	}
	slices.Sort(latencies)
	o := search.Objective
	stair.Quantile = stats.Quantile(latencies, o.Quantile)
	stair.AchievedRPS = float64(completed) / search.Step.Seconds()
	offered := max(1, math.Round(rateRPS*search.Step.Seconds()))
	stair.Met = stair.Errors == 0 && stair.Quantile <= o.Latency && float64(completed) >= o.Achieved*offered && completed > 0
	return stair
}

// whyViolated names what broke, the gravest first.
func whyViolated(s Stair, o Objective) string {
	switch {
	case s.Errors > 0:
		return fmt.Sprintf("%d attempts did not go as expected at %.0f/s", s.Errors, s.OfferedRPS)
	case s.Quantile > o.Latency:
		return fmt.Sprintf("p%g of response time was %v at %.0f/s, the objective is %v",
			o.Quantile*100, s.Quantile.Round(10*time.Microsecond), s.OfferedRPS, o.Latency)
	default:
		return fmt.Sprintf("only %.0f/s completed in time of %.0f/s offered", s.AchievedRPS, s.OfferedRPS)
	}
}
