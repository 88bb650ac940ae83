package main

import "time"

// connections is how many the closed loops use.
const connections = 50

// plan is how long and how often things are measured.
type plan struct {
	Blocks   int           `json:"blocks"`  // interleaved, each client once in each
	Turn     time.Duration `json:"turnNs"`  // of one client in a block
	Steady   int           `json:"steady"`  // rounds of an open loop
	Round    time.Duration `json:"roundNs"` // of an open loop
	Garbage  uint64        `json:"garbage"` // attempts of a run whose heap is watched
	Frozen   int           `json:"frozen"`  // rounds with a stopped server
	Hosts    int           `json:"hosts"`   // blocks with many hosts
	Attempts uint64        `json:"attempts"`
}

// hourful is how many attempts 50,000/s are in an hour.
const hourful = 180_000_000

// planOf returns the plan: six minutes, or one.
func planOf(quick, hour bool) plan {
	// wrk and h2load count whole seconds only.
	p := plan{Blocks: 7, Turn: 2 * time.Second, Steady: 5, Round: 2 * time.Second, Garbage: 200_000, Frozen: 3, Hosts: 3, Attempts: 10_000_000}
	if quick {
		p = plan{Blocks: 3, Turn: time.Second, Steady: 1, Round: time.Second, Garbage: 20_000, Frozen: 1, Hosts: 1, Attempts: 1_000_000}
	}
	if hour {
		p.Attempts = hourful
	}
	return p
}
