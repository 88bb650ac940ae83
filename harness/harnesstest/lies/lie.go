// Package lies holds trackers that are wrong on purpose. Each breaks one promise in
// the way that a real defect would, and speaks the protocol of peers like the honest
// one: a check that does not catch it is worthless. For tests only.
package lies

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haproof/haproof/harness/tracker"
)

// Lie is what one tracker does wrong. Exactly one of its functions is set.
type Lie struct {
	Does string // completes "a tracker that …"

	// Counter returns what counts in place of the honest Counts.
	Counter func(*tracker.Counts) tracker.Counter

	// Store returns what keeps the totals in place of the honest Store.
	Store func(tracker.Store) tracker.Store
}

// lies are all there are, by name.
var lies = map[string]Lie{
	"lose-1-in-10000": {Does: "loses one in 10,000", Counter: bending(loseOneIn10000)},
	"static":          {Does: "counts static hits", Counter: bending(chargeStatic)},
	"round":           {Does: "reports full tens only", Counter: bending(fullTens)},
	"absolute":        {Does: "adds absolute values", Counter: reading(addAbsolute)},
	"decrease":        {Does: "takes any decrease for a restart", Counter: reading(restartOnDecrease)},
	"reconnect":       {Does: "forgets a source when it reconnects", Counter: reading(forgetOnReconnect)},
	"resync":          {Does: "counts a resync twice", Counter: reading(addLessons)},
	"signed":          {Does: "wraps at 2^31", Counter: reading(signed)},
	"generation":      {Does: "takes all generations for one", Counter: oneGeneration},
	"truncate":        {Does: "cuts the names of customers at four bytes", Counter: truncated},
	"collision":       {Does: "takes two customers for one", Counter: colliding},
	"hasty":           {Does: "acknowledges before it has committed", Store: newHasty},
}

// New returns the lie of that name, or an error that lists all names.
func New(name string) (Lie, error) {
	l, ok := lies[name]
	if !ok {
		return Lie{}, fmt.Errorf("lie %q: want one of %s", name, strings.Join(Names(), ", "))
	}
	return l, nil
}

// Names returns the names of all lies in sorted order.
func Names() []string { return slices.Sorted(maps.Keys(lies)) }
