package harness

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// chaosStream keeps the draws of chaos apart from others of the same seed.
const chaosStream = 0xc4a05

// draw chooses faults for a workload of a length. The times between them are
// distributed exponentially, as of things that fail independently of each other.
// No fault begins while another on the same node, planned or drawn, is not over by
// plan; where no node is free nothing happens.
func (c Chaos) draw(seed uint64, length time.Duration, planned []Fault) []Fault {
	random := rand.New(rand.NewPCG(seed, chaosStream))
	agendas := agendasOf(planned)
	var drawn []Fault
	for at := c.gap(random); c.Every > 0 && at < length && len(drawn) < MaxSchedule; at += c.gap(random) {
		var free []Fault
		for _, f := range c.Faults {
			f.At, f.Drawn = at, true
			if agendas.of(f.Node).free(f) {
				free = append(free, f)
			}
		}
		if len(free) == 0 {
			continue
		}
		f := free[random.IntN(len(free))]
		agendas.of(f.Node).until = f.until()
		drawn = append(drawn, f)
	}
	return drawn
}

// gap is the time to the next fault, at least a nanosecond.
func (c Chaos) gap(random *rand.Rand) time.Duration {
	return 1 + time.Duration(random.ExpFloat64()*float64(c.Every))
}

// agenda is when a node is busy. It is asked in the order of time.
type agenda struct {
	planned []Fault       // not begun yet, by time
	until   time.Duration // when it is free of what has begun
}

type agendas map[string]*agenda

func agendasOf(planned []Fault) agendas {
	all := agendas{}
	for _, f := range planned {
		a := all.of(f.Node)
		a.planned = append(a.planned, f)
	}
	for _, a := range all {
		slices.SortStableFunc(a.planned, func(f, g Fault) int { return cmp.Compare(f.At, g.At) })
	}
	return all
}

func (all agendas) of(node string) *agenda {
	if all[node] == nil {
		all[node] = &agenda{until: -forever}
	}
	return all[node]
}

// free says whether the fault can begin at its time and be over before the next.
func (a *agenda) free(f Fault) bool {
	for len(a.planned) > 0 && a.planned[0].At <= f.At {
		a.until = max(a.until, a.planned[0].until())
		a.planned = a.planned[1:]
	}
	return f.At > a.until && (len(a.planned) == 0 || f.until() < a.planned[0].At)
}
