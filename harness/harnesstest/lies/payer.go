package lies

import "github.com/haproof/haproof/harness/tracker"

// nameBytes is how much a tracker with truncated names keeps of each: c0000 to c0009
// are the same to it.
const nameBytes = 4

// truncated reads well, and charges whoever has the first bytes of the name.
func truncated(honest *tracker.Counts) tracker.Counter {
	r := reading(news)(honest).(*reader)
	r.payer = func(o tracker.Observation) string {
		name := customerOf(o)
		return name[:min(nameBytes, len(name))]
	}
	return r
}

// colliding reads well, and takes every second customer that it hears of for the one
// before, as if their hashes were the same. The sum is right.
func colliding(honest *tracker.Counts) tracker.Counter {
	r := reading(news)(honest).(*reader)
	numbers := map[string]int{}
	var names []string
	r.payer = func(o tracker.Observation) string {
		own := customerOf(o)
		number, known := numbers[own]
		if !known {
			number = len(names)
			numbers[own] = number
			names = append(names, own)
		}
		return names[number-number%2]
	}
	return r
}
