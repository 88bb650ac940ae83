package harness

import (
	"fmt"

	"go.yaml.in/yaml/v4"
)

// faultNames are all faults that a scenario may ask for.
var faultNames = []string{
	FaultKill, FaultStop, FaultRestart, FaultReload, FaultClear, FaultSet, FaultRename,
	FaultCut, FaultReset, FaultDelay, FaultHalfOpen, FaultThrottle, FaultDiskFull, FaultSlow, FaultError, FaultBreak,
}

// faultSignals are how a node may be ended before it is started again.
var faultSignals = []string{"kill", "term", "usr1"}

var chaosFields = []field[Chaos]{
	{"every", func(d *decoder, v value, c *Chaos) { d.duration(v, &c.Every) }},
	{"faults", func(d *decoder, v value, c *Chaos) { d.faults(v, &c.Faults) }},
}

func (d *decoder) chaos(v value, into **Chaos) {
	var chaos Chaos
	mapping(d, v, chaosFields, &chaos)
	*into = &chaos
}

var faultFields = []field[Fault]{
	{"at", func(d *decoder, v value, f *Fault) { d.duration(v, &f.At) }},
	{"do", func(d *decoder, v value, f *Fault) { d.name(v, "fault", faultNames, &f.Do) }},
	{"node", func(d *decoder, v value, f *Fault) { d.text(v, &f.Node) }},
	{"for", func(d *decoder, v value, f *Fault) { d.duration(v, &f.For) }},
	{"after", func(d *decoder, v value, f *Fault) { d.duration(v, &f.After) }},
	{"signal", func(d *decoder, v value, f *Fault) { d.name(v, "signal", faultSignals, &f.Signal) }},
	{"delay", func(d *decoder, v value, f *Fault) { d.duration(v, &f.Delay) }},
	{"value", func(d *decoder, v value, f *Fault) { d.unsigned(v, &f.Value) }},
	{"every", func(d *decoder, v value, f *Fault) { d.duration(v, &f.Every) }},
	{"during", func(d *decoder, v value, f *Fault) { d.duration(v, &f.During) }},
}

func (d *decoder) faults(v value, into *[]Fault) {
	if !d.is(v, yaml.SequenceNode) {
		return
	}
	faults := make([]Fault, len(v.node.Content))
	for i, n := range v.node.Content {
		fault := v.below(fmt.Sprint(i), n)
		d.places[fault.path] = n
		mapping(d, fault, faultFields, &faults[i])
	}
	*into = faults
}
