package harness

import (
	"fmt"
	"strconv"
)

// Careless says what of the proxies' table makes counts wrong, by how it is configured
// alone. A scenario may ask for that: it is a fault to be played.
func (sc Scenario) Careless() []string {
	t := sc.Topology[TierProxy].Table
	if t == nil || sc.Topology.Tracking() == TrackerOff {
		return nil
	}
	var notes []string
	if key := sc.longestKey(); t.Length > 0 && t.Length < key {
		notes = append(notes, fmt.Sprintf("keys of %d bytes are cut to %d: customers whose names begin alike share a counter", key, t.Length))
	}
	if t.Size > 0 && t.Size < sc.Workload.Customers {
		notes = append(notes, fmt.Sprintf("the table has room for %d of %d customers", t.Size, sc.Workload.Customers))
	}
	if t.BusySlot {
		notes = append(notes, "another rule has the stick counter, so that nobody is counted")
	}
	if t.ClearLocal {
		notes = append(notes, "the local peer has no TLS, so that an old process cannot teach its successor")
	}
	if t.Peered && sc.Topology.KeyStyle() == KeysPlain {
		notes = append(notes, "proxies write one counter with plain keys, so that a tracker charges for what each of them has heard of the others")
	}
	return notes
}

// longestKey is the length of the longest key in bytes.
func (sc Scenario) longestKey() int {
	length := len(sc.Workload.Customer(max(1, sc.Workload.Customers) - 1))
	if sc.Topology.KeyStyle() == KeysExact {
		const boot = len("|-1795222488088") // ms, see image/haproxy/haproxy.cfg.tmpl of containers
		length += boot + len(TierProxy+strconv.Itoa(max(1, sc.Topology[TierProxy].Count)))
	}
	return length
}
