package plan

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// What a Set and a Meter hold at most.
const (
	MaxPlans     = 1000
	MaxCustomers = 1 << 20 // with a plan; each takes about 400 bytes of a Meter
	MaxName      = 64      // bytes of the name of a plan
)

// Set says which customer has which plan.
type Set struct {
	Plans    []Plan
	Assigned map[string]string // name of the plan by customer
	Default  string            // plan of the customers that have none assigned; none if empty
}

// Plan is a named set of limits. One without limits is allowed: it exempts customers
// from the default.
type Plan struct {
	Name   string
	Limits []Limit // at most one for each period
	Warn   []int   // percent of each limit, 1 to 99, at which a crossing tells as well
	Deny   bool    // deny customers that are at a limit until its period is over
}

// Limit is how much a customer may use in a period. A customer that has used Max is
// at the limit: all of Max was served, and nothing more is due.
type Limit struct {
	Period Period
	Max    uint64 // at least 1
}

// Validate says everything that is wrong with the set.
func (s Set) Validate() error {
	var errs []error
	if len(s.Plans) > MaxPlans {
		errs = append(errs, fmt.Errorf("%d plans, the limit is %d", len(s.Plans), MaxPlans))
	}
	if len(s.Assigned) > MaxCustomers {
		errs = append(errs, fmt.Errorf("%d customers have a plan, the limit is %d", len(s.Assigned), MaxCustomers))
	}
	known := make(map[string]bool, len(s.Plans))
	for i, p := range s.Plans {
		if known[p.Name] {
			errs = append(errs, fmt.Errorf("plan %q is given twice", p.Name))
		}
		known[p.Name] = true
		for _, err := range p.problems() {
			errs = append(errs, fmt.Errorf("plan %d (%q): %w", i+1, p.Name, err))
		}
	}
	if s.Default != "" && !known[s.Default] {
		errs = append(errs, fmt.Errorf("the default plan %q does not exist", s.Default))
	}
	return errors.Join(append(errs, s.strays(known)...)...)
}

// strays finds assignments that cannot be, one error for each plan.
func (s Set) strays(known map[string]bool) (errs []error) {
	if _, ok := s.Assigned[""]; ok {
		errs = append(errs, errors.New("a plan is assigned to a customer without a name"))
	}
	stray := make(map[string][]string)
	for customer, name := range s.Assigned {
		if !known[name] {
			stray[name] = append(stray[name], customer)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(stray)) {
		errs = append(errs, fmt.Errorf("plan %q does not exist but is assigned to %d customers, such as %q",
			name, len(stray[name]), slices.Min(stray[name])))
	}
	return errs
}

func (p Plan) problems() (errs []error) {
	if p.Name == "" || len(p.Name) > MaxName {
		errs = append(errs, fmt.Errorf("name of %d bytes, must be 1 to %d", len(p.Name), MaxName))
	}
	if len(p.Limits) == 0 && (p.Deny || len(p.Warn) > 0) {
		errs = append(errs, errors.New("it warns or denies but has no limit"))
	}
	var seen [256]bool
	for i, l := range p.Limits {
		switch {
		case !l.Period.valid():
			errs = append(errs, fmt.Errorf("limit %d: %s does not exist", i+1, l.Period))
		case seen[l.Period]:
			errs = append(errs, fmt.Errorf("limit %d: there is one per %s already", i+1, l.Period))
		}
		seen[l.Period] = true
		if l.Max == 0 {
			errs = append(errs, fmt.Errorf("limit %d: the maximum is 0, must be at least 1", i+1))
		}
	}
	for i, percent := range p.Warn {
		switch {
		case percent < 1 || percent > 99:
			errs = append(errs, fmt.Errorf("warning at %d%%, must be 1 to 99", percent))
		case slices.Contains(p.Warn[:i], percent):
			errs = append(errs, fmt.Errorf("warning at %d%% is given twice", percent))
		}
	}
	return errs
}
