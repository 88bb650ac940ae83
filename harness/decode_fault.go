package harness

import (
	"fmt"

	"go.yaml.in/yaml/v4"
)

// faultNames are all faults that a scenario may ask for.
var faultNames = []string{FaultKill, FaultStop, FaultRestart, FaultReload}

var faultFields = []field[Fault]{
	{"at", func(d *decoder, v value, f *Fault) { d.duration(v, &f.At) }},
	{"do", func(d *decoder, v value, f *Fault) { d.name(v, "fault", faultNames, &f.Do) }},
	{"node", func(d *decoder, v value, f *Fault) { d.text(v, &f.Node) }},
	{"for", func(d *decoder, v value, f *Fault) { d.duration(v, &f.For) }},
	{"after", func(d *decoder, v value, f *Fault) { d.duration(v, &f.After) }},
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
