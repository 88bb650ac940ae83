package harness

import (
	"slices"
	"strings"
)

// traits are what a kind of fault is played on and what it must be given. What a
// kind does not need, it must not be given.
type traits struct {
	tier  string // whose nodes it is played on; empty means any
	lasts bool   // it needs for
	delay bool   // it needs delay
	value bool   // it needs value
	again bool   // it may have after and signal
}

var faultTraits = map[string]traits{
	FaultKill:     {},
	FaultStop:     {lasts: true},
	FaultRestart:  {again: true},
	FaultReload:   {tier: TierProxy},
	FaultClear:    {tier: TierProxy},
	FaultSet:      {tier: TierProxy, value: true},
	FaultRename:   {tier: TierProxy},
	FaultCut:      {tier: TierTracker, lasts: true},
	FaultReset:    {tier: TierTracker},
	FaultDelay:    {tier: TierTracker, lasts: true, delay: true},
	FaultHalfOpen: {tier: TierTracker, lasts: true},
	FaultThrottle: {tier: TierTracker, lasts: true},
	FaultDiskFull: {tier: TierTracker, lasts: true},
	FaultSlow:     {tier: TierBackend, lasts: true, delay: true},
	FaultError:    {tier: TierBackend, lasts: true},
	FaultBreak:    {tier: TierBackend, lasts: true},
}

// faultsWith names the faults that have a trait, in the order of faultNames.
func faultsWith(has func(traits) bool) string {
	names := slices.DeleteFunc(slices.Clone(faultNames), func(name string) bool { return !has(faultTraits[name]) })
	return strings.Join(names, ", ")
}

// PossibleFaults returns the faults that the scenario names: those that it plans, and
// those that its chaos may draw.
func (sc Scenario) PossibleFaults() []Fault {
	faults := slices.Clone(sc.Faults)
	if sc.Chaos != nil {
		faults = append(faults, sc.Chaos.Faults...)
	}
	return faults
}
