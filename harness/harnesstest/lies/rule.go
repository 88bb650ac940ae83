package lies

import "github.com/haproof/haproof/harness/tracker"

// rule says by how much a key grew, and keeps its value in mind.
type rule func(m *memory, o tracker.Observation) (growth uint32)

// news is what a good reader counts: what is beyond the largest value known.
func news(m *memory, o tracker.Observation) uint32 {
	if o.Value <= m.value {
		return 0
	}
	growth := o.Value - m.value
	m.value = o.Value
	return growth
}

// addAbsolute takes each value for a difference, as if counters were reset when pushed.
func addAbsolute(_ *memory, o tracker.Observation) uint32 { return o.Value }

// restartOnDecrease takes a smaller value for a counter that began again at zero,
// whoever says it and however old it is.
func restartOnDecrease(m *memory, o tracker.Observation) uint32 {
	if o.Value < m.value {
		m.value = 0
	}
	return news(m, o)
}

// forgetOnReconnect keeps what it knows of a key with the session.
func forgetOnReconnect(m *memory, o tracker.Observation) uint32 {
	if o.Session.Number != m.session {
		m.value = 0
	}
	return news(m, o)
}

// addLessons counts what a peer repeats when it is asked to as if it were new.
func addLessons(m *memory, o tracker.Observation) uint32 {
	if o.Timed {
		m.value = 0
	}
	return news(m, o)
}

// signed takes the 32 bits of a value for a signed number, and what is not greater
// than the value known for old.
func signed(m *memory, o tracker.Observation) uint32 {
	if int32(o.Value) <= int32(m.value) {
		return 0
	}
	return news(m, o)
}

// oneGeneration reads well, but all generations of a customer as if they were one
// counter.
func oneGeneration(honest *tracker.Counts) tracker.Counter {
	r := reading(news)(honest).(*reader)
	r.apart = func(o tracker.Observation) string { return o.Session.Source + "/" + customerOf(o) }
	return r
}
