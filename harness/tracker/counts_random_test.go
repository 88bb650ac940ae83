package tracker

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// history plays one HAProxy at random: increments, pushes, resyncs, reconnections
// that leave unread bytes behind, reloads that copy the table to the next worker,
// and, if purges, entries that vanish. What was said arrives in any order between
// sessions and in its own order within each.
type history struct {
	random *rand.Rand
	purges bool
	counts *Counts

	truth    uint64 // increments so far
	worker   worker
	session  uint64
	sessions map[uint64][]Observation // said, not yet read
}

type worker struct {
	generation int
	own        map[string]uint32
	learned    map[string]uint32
	dirty      map[string]bool
}

func newHistory(seed uint64, purges bool) *history {
	h := &history{random: rand.New(rand.NewPCG(seed, 0)), purges: purges, counts: NewCounts(), sessions: map[uint64][]Observation{}}
	h.reload()
	return h
}

func (h *history) step() {
	switch n := h.random.IntN(100); {
	case n < 40:
		h.increment()
	case n < 55:
		h.push()
	case n < 58:
		h.resync()
	case n < 60:
		h.reconnect()
	case n < 61:
		h.reload()
	case n < 63 && h.purges:
		if key, ok := pick(h.random, h.worker.own); ok {
			delete(h.worker.own, key)
			delete(h.worker.dirty, key)
		}
	default:
		h.read()
	}
}

func (h *history) increment() {
	key := fmt.Sprintf("c%d|%d", h.random.IntN(3), h.worker.generation)
	h.worker.own[key]++
	h.worker.dirty[key] = true
	h.truth++
}

// push says one or all of the entries that have changed.
func (h *history) push() {
	one := h.random.IntN(2) == 0
	for len(h.worker.dirty) > 0 {
		key, _ := pick(h.random, h.worker.dirty)
		h.say(key, h.worker.own[key], false)
		delete(h.worker.dirty, key)
		if one {
			return
		}
	}
}

// resync says the whole table, and then again live what was never acknowledged.
func (h *history) resync() {
	for _, key := range slices.Sorted(maps.Keys(h.worker.own)) {
		h.say(key, h.worker.own[key], true)
		h.worker.dirty[key] = true
	}
	for _, key := range slices.Sorted(maps.Keys(h.worker.learned)) {
		h.say(key, h.worker.learned[key], true)
	}
}

// reconnect leaves the session with what is unread in it, perhaps cut short.
func (h *history) reconnect() {
	unread := h.sessions[h.session]
	h.sessions[h.session] = unread[:h.random.IntN(len(unread)+1)]
	h.session++
	for key := range h.worker.own {
		h.worker.dirty[key] = true
	}
	if h.random.IntN(2) == 0 {
		h.resync()
	}
}

// reload starts the next worker, which learns what the old one knew.
func (h *history) reload() {
	old := h.worker
	h.worker = worker{generation: old.generation + 1, own: map[string]uint32{}, learned: map[string]uint32{}, dirty: map[string]bool{}}
	for _, table := range []map[string]uint32{old.learned, old.own} {
		maps.Copy(h.worker.learned, table)
	}
	h.reconnect()
}

func (h *history) say(key string, v uint32, timed bool) {
	o := Observation{Source: "p", Session: h.session, Table: "quota", Key: []byte(key), Value: v, Timed: timed}
	h.sessions[h.session] = append(h.sessions[h.session], o)
}

// read takes the next message of any session.
func (h *history) read() {
	session, ok := pick(h.random, h.sessions)
	if !ok {
		return
	}
	unread := h.sessions[session]
	if len(unread) > 0 {
		h.counts.Count(unread[0])
		unread = unread[1:]
	}
	h.sessions[session] = unread
	if len(unread) == 0 {
		delete(h.sessions, session)
	}
}

// pick returns a random key of m, the same for the same seed.
func pick[K cmp.Ordered, V any](random *rand.Rand, m map[K]V) (key K, ok bool) {
	if len(m) == 0 {
		return key, false
	}
	return slices.Sorted(maps.Keys(m))[random.IntN(len(m))], true
}

// settle has everything said and read.
func (h *history) settle() {
	h.resync()
	for len(h.worker.dirty) > 0 {
		h.push()
	}
	for len(h.sessions) > 0 {
		h.read()
	}
}

func TestCountsNeverExceedTheTruth(t *testing.T) {
	for _, purges := range []bool{false, true} {
		for range 300 {
			seed := rand.Uint64()
			h := newHistory(seed, purges)
			for step := range 400 {
				h.step()
				if got := h.counts.Totals().Total; got > h.truth {
					t.Fatalf("seed %d, purges %v, step %d: counted %d of %d", seed, purges, step, got, h.truth)
				}
			}
			h.settle()
			got := h.counts.Totals().Total
			if got > h.truth || (!purges && got != h.truth) {
				t.Fatalf("seed %d, purges %v: counted %d of %d", seed, purges, got, h.truth)
			}
		}
	}
}
