package harness

import (
	"cmp"
	"slices"
	"time"
)

// MaxSchedule bounds the faults that are played in one trial.
const MaxSchedule = 100_000

// Schedule returns every fault that a trial plays, by time: those that come again
// and again one by one, and those of chaos as the workload's seed draws them. It
// depends on the scenario alone. What exceeds MaxSchedule is left out; no valid
// scenario does.
func (sc Scenario) Schedule() []Fault {
	length := sc.Workload.Length()
	var faults []Fault
	for _, f := range sc.Faults {
		faults = append(faults, f.occurrences(length)...)
	}
	if sc.Chaos != nil {
		faults = append(faults, sc.Chaos.draw(sc.Workload.Seed, length, faults)...)
	}
	slices.SortStableFunc(faults, func(a, b Fault) int { return cmp.Compare(a.At, b.At) })
	return faults[:min(len(faults), MaxSchedule)]
}

// occurrences are the fault each time that it comes in a workload of a length.
func (f Fault) occurrences(length time.Duration) []Fault {
	times := min(f.times(length), MaxSchedule)
	every := f.Every
	f.Every, f.During = 0, 0
	faults := make([]Fault, times)
	for i := range faults {
		faults[i] = f
		f.At += every
	}
	return faults
}

// times is how often the fault comes.
func (f Fault) times(length time.Duration) int {
	during := cmp.Or(f.During, length-f.At)
	if f.Every <= 0 || during <= 0 {
		return 1
	}
	return int((during + f.Every - 1) / f.Every) // what would come at the very end does not
}

// forever ends a fault that nobody undoes.
const forever = time.Duration(1<<63 - 1)

// until is when the fault is over by plan, if it begins at its time.
func (f Fault) until() time.Duration {
	if f.Do == FaultKill {
		return forever
	}
	return f.At + f.For + f.After
}
