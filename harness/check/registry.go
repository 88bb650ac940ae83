package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haproof/haproof/harness"
)

// factory makes a check from the options of a scenario.
type factory func(o *options) harness.AnyCheck

var factories = map[string]factory{}

// register enters a check into the table. Each file of a check calls it once.
func register(name string, f factory) struct{} {
	if _, taken := factories[name]; taken {
		panic("check: " + name + " is registered twice")
	}
	factories[name] = f
	return struct{}{}
}

// Names returns the names of all checks in sorted order.
func Names() []string { return slices.Sorted(maps.Keys(factories)) }

// New returns the check that spec names. It implements harness.Check or
// harness.RunCheck. An unknown check, an unknown option and a value out of
// range are errors, all of one spec at once.
func New(spec harness.CheckSpec) (harness.AnyCheck, error) {
	newCheck, ok := factories[spec.Name]
	if !ok {
		return nil, fmt.Errorf("unknown check %q: there are %s", spec.Name, strings.Join(Names(), ", "))
	}
	o := &options{given: spec.Options, known: map[string]bool{}}
	judge := newCheck(o)
	if err := o.err(); err != nil {
		return nil, fmt.Errorf("check %s: %w", spec.Name, err)
	}
	return judge, nil
}

// All returns the checks of a scenario in its order.
func All(specs []harness.CheckSpec) ([]harness.AnyCheck, error) {
	judges := make([]harness.AnyCheck, 0, len(specs))
	for _, spec := range specs {
		judge, err := New(spec)
		if err != nil {
			return nil, err
		}
		judges = append(judges, judge)
	}
	return judges, nil
}
