package driver

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haproof/haproof/harness"
)

// ProbeSeq is the first sequence id of attempts that a search's closed-loop
// probe sends. They are not reported, but origins log them: whoever joins
// attempts with receipts leaves ids from ProbeSeq on aside.
const ProbeSeq uint64 = 1 << 40

var drivers = map[string]func() harness.Driver{}

// register makes a driver known under its name.
func register(name string, make func() harness.Driver) {
	if _, ok := drivers[name]; ok {
		panic("driver " + name + " is registered twice")
	}
	drivers[name] = make
}

// New returns the named driver, or an error that lists the known ones.
func New(name string) (harness.Driver, error) {
	make, ok := drivers[name]
	if !ok {
		return nil, fmt.Errorf("unknown driver %q, known are: %s", name, strings.Join(Names(), " "))
	}
	return make(), nil
}

// Names returns the names of all drivers in sorted order.
func Names() []string { return slices.Sorted(maps.Keys(drivers)) }
