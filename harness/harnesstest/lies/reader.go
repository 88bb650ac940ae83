package lies

import (
	"bytes"

	"github.com/haproof/haproof/harness/tracker"
)

// memory is what a reader knows of one key of one source.
type memory struct {
	value   uint32
	session uint32 // of the last observation
}

// reader makes sense of what peers say by itself, and has the honest tracker show
// what comes of it, in a session that never ends.
type reader struct {
	rule  rule
	apart func(tracker.Observation) string // what has a memory of its own
	payer func(tracker.Observation) string // customer who is charged

	known  map[string]*memory
	totals map[string]uint32 // by customer
	honest *tracker.Counts
	stage  *tracker.Session
}

// reading returns counters that follow a rule, for each key of each source.
func reading(r rule) func(*tracker.Counts) tracker.Counter {
	return func(honest *tracker.Counts) tracker.Counter {
		return &reader{
			rule: r, apart: keyOf, payer: customerOf, known: map[string]*memory{}, totals: map[string]uint32{},
			honest: honest, stage: &tracker.Session{Source: "stage", Table: "quota", Number: 1},
		}
	}
}

// Count counts what the rule says.
func (r *reader) Count(o tracker.Observation) tracker.Effect {
	m := r.known[r.apart(o)]
	if m == nil {
		m = &memory{session: o.Session.Number}
		r.known[r.apart(o)] = m
	}
	payer := r.payer(o)
	r.totals[payer] += r.rule(m, o)
	m.session = o.Session.Number
	return r.honest.Count(tracker.Observation{Session: r.stage, Key: keyLike(o.Key, payer), Value: r.totals[payer]})
}

// keyOf tells apart what a good tracker does.
func keyOf(o tracker.Observation) string { return o.Session.Source + "/" + string(o.Key) }

// customerOf returns the key without its generation, if it has one.
func customerOf(o tracker.Observation) string {
	name := o.Key
	if bar := bytes.LastIndexByte(name, '|'); bar >= 0 {
		name = name[:bar]
	}
	return string(name)
}

// keyLike returns a key of a customer in the style of another one.
func keyLike(key []byte, customer string) []byte {
	if bytes.IndexByte(key, '|') >= 0 {
		customer += "|stage"
	}
	return []byte(customer)
}
