package plan

import (
	"math/bits"
	"slices"
)

// rules is a plan in the shape that Grow wants.
type rules struct {
	plan   string
	deny   bool
	limits [periods]limit
}

// limit has no thresholds if there is no limit for the period.
type limit struct {
	max        uint64
	thresholds []threshold // ascending; the last is the limit itself
}

type threshold struct {
	percent int
	at      uint64 // reached if as much is used
}

// compile expects a plan that is valid.
func compile(p Plan) *rules {
	r := &rules{plan: p.Name, deny: p.Deny}
	percents := append(slices.Sorted(slices.Values(p.Warn)), 100)
	for _, l := range p.Limits {
		thresholds := make([]threshold, len(percents))
		for i, percent := range percents {
			thresholds[i] = threshold{percent, share(l.Max, percent)}
		}
		r.limits[l.Period-1] = limit{l.Max, thresholds}
	}
	return r
}

// share is the least number that is at least so many percent of max.
func share(maximum uint64, percent int) uint64 {
	high, low := bits.Mul64(maximum, uint64(percent))
	low, carry := bits.Add64(low, 99, 0)
	quotient, _ := bits.Div64(high+carry, low, 100)
	return quotient
}

// book is a Set that is ready for look-ups.
type book struct {
	rules    map[string]*rules // by plan
	assigned map[string]string
	fallback *rules // nil if there is no default
}

func newBook(s Set) book {
	b := book{rules: make(map[string]*rules, len(s.Plans)), assigned: s.Assigned}
	for _, p := range s.Plans {
		b.rules[p.Name] = compile(p)
	}
	b.fallback = b.rules[s.Default]
	return b
}

// of returns the rules for a customer, nil if there are none.
func (b book) of(customer string) *rules {
	if name, ok := b.assigned[customer]; ok {
		return b.rules[name]
	}
	return b.fallback
}
