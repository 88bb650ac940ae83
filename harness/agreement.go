package harness

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Agreement compares what two drivers saw of the same: trials of cells that differ in
// their driver only. Trial i of the one is compared with trial i of the other, as they
// were played close to each other.
type Agreement struct {
	Name    string // the other settings; empty where there are none
	Driver  string // compared with Against, which comes before it in the alphabet
	Against string

	Trials    int      // of the driver: those that were whole
	Unpaired  []string // trials that cannot be compared, with the reason
	Attempts  uint64   // compared one by one
	Charges   uint64   // tallies of a customer by a witness, compared one by one
	Different []Difference
	Omitted   int // differences beyond MaxFindings

	Response50, Response99 Change // of the quantiles of response time, in seconds
	Service50, Service99   Change
}

// Difference is one particular on which two drivers do not agree.
type Difference struct {
	Trial   int
	Subject string // an attempt, or a customer and the witness
	Text    string
}

// driverPath is the axis along which drivers are compared.
const driverPath = "workload.driver"

// Agreements compares the drivers of a run with the first of them in the alphabet. It
// looks at every attempt and every tally. They come in the order of the records.
func Agreements(run *Run) []Agreement {
	trials := map[string]map[string]map[int]*Record{} // cell without its driver -> driver -> trial
	var names []string
	for _, rec := range inOrder(run).Records {
		name, driver, ok := otherSettings(rec.Cell, driverPath)
		if !ok {
			continue
		}
		if trials[name] == nil {
			trials[name] = map[string]map[int]*Record{}
			names = append(names, name)
		}
		if trials[name][driver] == nil {
			trials[name][driver] = map[int]*Record{}
		}
		trials[name][driver][rec.Trial] = rec
	}
	var list []Agreement
	for _, name := range names {
		drivers := sortedKeys(trials[name])
		for _, driver := range drivers[1:] {
			list = append(list, agreement(name, driver, drivers[0], trials[name]))
		}
	}
	return list
}

// otherSettings joins the settings of a cell but for one; ok is false for a cell that
// does not have that one.
func otherSettings(cell Cell, path string) (name, value string, ok bool) {
	var others []string
	for _, s := range cell.Settings {
		if s.Path == path {
			value, ok = s.Value, true
			continue
		}
		others = append(others, s.Path+"="+s.Value)
	}
	return strings.Join(others, ", "), value, ok
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func agreement(name, driver, against string, of map[string]map[int]*Record) Agreement {
	a := Agreement{Name: name, Driver: driver, Against: against}
	var pairs []quantilePair
	trials := map[int]bool{}
	for _, d := range []string{driver, against} {
		for trial := range of[d] {
			trials[trial] = true
		}
	}
	order := make([]int, 0, len(trials))
	for trial := range trials {
		order = append(order, trial)
	}
	slices.Sort(order)
	for _, trial := range order {
		one, other := of[driver][trial], of[against][trial]
		if why := cmp.Or(unusable(driver, trial, one), unusable(against, trial, other)); why != "" {
			a.Unpaired = append(a.Unpaired, why)
			continue
		}
		a.Trials++
		a.attempts(trial, one, other)
		a.charges(trial, one, other)
		pairs = append(pairs, quantilePair{Summarise(one), Summarise(other)})
	}
	a.Response50 = quantileChange(pairs, func(s Summary) time.Duration { return s.Response.P50 })
	a.Response99 = quantileChange(pairs, func(s Summary) time.Duration { return s.Response.P99 })
	a.Service50 = quantileChange(pairs, func(s Summary) time.Duration { return s.Service.P50 })
	a.Service99 = quantileChange(pairs, func(s Summary) time.Duration { return s.Service.P99 })
	return a
}

// quantilePair is one trial of each of two drivers.
type quantilePair [2]Summary

func quantileChange(pairs []quantilePair, of func(Summary) time.Duration) Change {
	both := make([]pair, 0, len(pairs))
	for _, p := range pairs {
		both = append(both, pair{burden{p99: of(p[0]).Seconds()}, burden{p99: of(p[1]).Seconds()}})
	}
	return changeOf(both, func(b burden) float64 { return b.p99 })
}
