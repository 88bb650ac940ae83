package harness

import (
	"cmp"
	"slices"
	"time"

	"github.com/haproof/haproof/harness/stats"
)

// Phases are what clients saw before, during and after one fault. An attempt belongs
// to the phase in which it ended.
type Phases struct {
	Disturbance int           `json:"disturbance"`          // its place among the trial's disturbances
	Recovery    time.Duration `json:"recoveryNs,omitempty"` // from its end until the lab was whole; 0 where that was not seen
	Before      Phase         `json:"before"`               // from the beginning until the trial's first fault
	During      Phase         `json:"during"`               // from its beginning until the lab was whole, or until its end where that was not seen
	After       Phase         `json:"after"`                // from there until the next fault, or the trial's end
}

// Phase is one stretch of a trial.
type Phase struct {
	From     time.Duration    `json:"fromNs"`
	To       time.Duration    `json:"toNs"` // not included
	Attempts uint64           `json:"attempts"`
	Errors   uint64           `json:"errors"`
	Causes   map[Cause]uint64 `json:"causes,omitempty"` // of the errors
	Own      uint64           `json:"own,omitempty"`    // of the errors: by no fault of the product, see OwnFaults
	RateRPS  float64          `json:"rateRPS"`
	P50      time.Duration    `json:"p50Ns"` // response time
	P99      time.Duration    `json:"p99Ns"`
}

// MaxPhases bounds the faults of a trial whose phases are looked at.
const MaxPhases = 100

// unexplained stands for the cause of an attempt that has none and was not answered.
const unexplained Cause = "unexplained"

// PhasesOf looks at the first MaxPhases faults of a trial that were played, shams
// included.
func PhasesOf(rec *Record) []Phases {
	list := windows(rec)
	fill(rec, list)
	return list
}

// phasesLike looks at a trial at the times of another trial's phases.
func phasesLike(rec *Record, others []Phases) []Phases {
	list := make([]Phases, len(others))
	for i, o := range others {
		list[i] = Phases{
			Disturbance: o.Disturbance,
			Before:      Phase{From: o.Before.From, To: o.Before.To},
			During:      Phase{From: o.During.From, To: o.During.To},
			After:       Phase{From: o.After.From, To: o.After.To},
		}
	}
	fill(rec, list)
	return list
}

// filling is a phase while attempts are added to it.
type filling struct {
	*Phase
	latencies []time.Duration
}

// windows says from when to when the phases of each fault last.
func windows(rec *Record) []Phases {
	end := endOf(rec)
	var list []Phases
	for i, d := range rec.Disturbances {
		if d.Error != "" || len(list) >= MaxPhases {
			continue
		}
		p := Phases{Disturbance: i}
		p.During = Phase{From: min(max(d.Began, 0), end), To: min(max(d.Whole, d.Ended, 0), end)}
		if d.Whole > d.Ended {
			p.Recovery = d.Whole - d.Ended
		}
		list = append(list, p)
	}
	slices.SortStableFunc(list, func(a, b Phases) int { return cmp.Compare(a.During.From, b.During.From) })
	for i := range list {
		p := &list[i]
		p.Before.To = list[0].During.From
		p.After = Phase{From: p.During.To, To: end}
		for _, later := range list[i+1:] {
			if later.During.From >= p.During.To {
				p.After.To = later.During.From
				break
			}
		}
	}
	return list
}

// endOf is when the last attempt of a trial had ended.
func endOf(rec *Record) time.Duration {
	end := rec.Driven.Length
	for i := range rec.Attempts {
		end = max(end, rec.Attempts[i].Done+1)
	}
	return end
}

// fill gives each attempt to the phases in which it ended. Their bounds cut the time
// into pieces, each of which lies in the same phases throughout.
func fill(rec *Record, list []Phases) {
	phases := fillings(list)
	var bounds []time.Duration
	for _, p := range phases {
		bounds = append(bounds, p.From, p.To)
	}
	slices.Sort(bounds)
	bounds = slices.Compact(bounds)
	within := make([][]*filling, len(bounds)+1) // within[i] are those that hold the piece before bounds[i]
	for i, bound := range bounds {
		for _, p := range phases {
			if p.From < bound && bound <= p.To {
				within[i] = append(within[i], p)
			}
		}
	}
	sc, own := &rec.Cell.Scenario, OwnFaults(rec)
	for i := range rec.Attempts {
		a := &rec.Attempts[i]
		at, exact := slices.BinarySearch(bounds, a.Done)
		if exact {
			at++
		}
		for _, p := range within[at] {
			p.add(a, sc, own)
		}
	}
	for _, p := range phases {
		p.sum()
	}
	for i := range list {
		list[i].Before = list[0].Before
	}
}

// fillings are the phases to fill. What was before the first fault is one phase, of
// which each fault has a copy.
func fillings(list []Phases) []*filling {
	var phases []*filling
	for i := range list {
		if i == 0 {
			phases = append(phases, &filling{Phase: &list[i].Before})
		}
		phases = append(phases, &filling{Phase: &list[i].During}, &filling{Phase: &list[i].After})
	}
	return phases
}

func (p *filling) add(a *Attempt, sc *Scenario, own func(*Attempt) bool) {
	p.Attempts++
	if sc.Workload.Timed(a) {
		p.latencies = append(p.latencies, a.Latency())
	}
	cause := a.Cause
	if cause == "" && a.Outcome != OK {
		cause = unexplained
	}
	uncalled := cause == CauseAborted && !sc.Workload.Abort.Chooses(sc.Workload.Seed, a.Seq)
	if sc.Topology.Limits().Expect(cause) && !uncalled {
		return
	}
	p.Errors++
	if p.Causes == nil {
		p.Causes = map[Cause]uint64{}
	}
	p.Causes[cause]++
	if own(a) {
		p.Own++
	}
}

// sum turns what was added into figures. Its quantiles are exact.
func (p *filling) sum() {
	slices.Sort(p.latencies)
	p.P50, p.P99 = stats.Quantile(p.latencies, 0.5), stats.Quantile(p.latencies, 0.99)
	if length := p.To - p.From; length > 0 {
		p.RateRPS = float64(p.Attempts) / length.Seconds()
	}
}
