package tracker

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestEntriesFindWhatWasAdded(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for name, number := range map[string]func(int) uint32{
		"neighbours": func(i int) uint32 { return uint32(i) },
		"a stride":   func(i int) uint32 { return uint32(i) * 1024 % maxCustomers },
		"random":     func(int) uint32 { return random.Uint32N(maxCustomers) },
	} {
		var e entries
		model := map[uint32]uint64{}
		for i := range 30_000 {
			n := number(i)
			found := e.find(n)
			if _, ok := model[n]; ok != (found != nil) {
				t.Fatalf("%s: customer %d: found %v, want %v", name, n, found, ok)
			}
			if found == nil {
				found = e.add(n)
			}
			found.base += uint64(i)
			found.id |= dirty
			model[n] += uint64(i)
		}
		if e.n != len(model) {
			t.Errorf("%s: %d entries, want %d", name, e.n, len(model))
		}
		for n, want := range model {
			if got := e.find(n); got == nil || got.base != want || got.customer() != n || got.id&dirty == 0 {
				t.Fatalf("%s: customer %d: got %+v, want %d", name, n, got, want)
			}
		}
		if e.find(maxCustomers-1) != nil && model[maxCustomers-1] == 0 {
			t.Errorf("%s: found one that was not added", name)
		}
		if got := e.bytes(); got > 70*uint64(len(model)) {
			t.Errorf("%s: %d bytes for %d entries", name, got, len(model))
		}
	}
}

func TestCustomersKeepTheirNumbersAndNames(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	c := newCustomers()
	model := map[string]uint32{}
	early := []string(nil)
	name := make([]byte, maxKey)
	for range 20_000 {
		for i := range name {
			name[i] = byte(random.Uint32())
		}
		part := name[:random.IntN(3)+random.IntN(2)*random.IntN(200)]
		n, ok := c.enter(part)
		want, known := model[string(part)]
		if !known {
			want = uint32(len(model))
			model[string(part)] = want
		}
		if !ok || n != want {
			t.Fatalf("%q: got %d, want %d", part, n, want)
		}
		if early == nil && len(model) == 100 {
			early = c.list(0)
		}
	}
	for text, want := range model {
		if n, ok := c.find(text); !ok || n != want || c.names[n] != text {
			t.Fatalf("%q: got %d, %v, want %d", text, n, ok, want)
		}
	}
	for n, text := range early {
		if model[text] != uint32(n) {
			t.Errorf("a list given away has changed: %d is %q", n, text)
		}
	}
	if len(early) != 100 {
		t.Errorf("it has %d names, want 100", len(early))
	}
}

func TestCountsRefuseBeyondTheirLimits(t *testing.T) {
	for want, fill := range map[string]func(*Counts){
		"already 33554432 customers, or 2147483648 bytes of names": func(c *Counts) { c.customers.arena.size = maxNameBytes },
		"already 67108864 keys":                            func(c *Counts) { c.size = maxKeys },
		"already 65536 generations, or 8192 of one source": func(c *Counts) { c.open = maxBooks },
	} {
		s := newScript(t, Rules{})
		s.open(1, "p", 1)
		fill(s.counts)
		s.live(1, "a|1", 1, Refused, 0)
		s.live(1, "b|1", 1, Refused, 0)
		s.complaints("p: key \"a|1\": " + want)
		s.later(time.Hour) // it is said again
		s.live(1, "b|1", 1, Refused, 0)
		s.complaints("p: key \"b|1\": " + want)
	}
}

func TestGrowthBelongsToTheHourInWhichItWasReceived(t *testing.T) {
	s := newScript(t, Rules{})
	s.open(1, "p", 1)
	s.live(1, "a|1", 1, Grown, 1)
	s.later(29*time.Minute + 59*time.Second)
	s.live(1, "a|1", 3, Grown, 3)
	s.later(time.Second)
	s.live(1, "a|1", 7, Grown, 7)
	s.later(-time.Second) // a clock that is set back
	s.live(1, "a|1", 15, Grown, 15)
	var b Batch
	s.counts.Take(&b, s.now)
	noon := HourOf(s.now)
	got := map[Hour]uint64{}
	for _, g := range b.Growth {
		got[g.Hour] += g.N
	}
	if len(got) != 2 || got[noon] != 11 || got[noon+1] != 4 {
		t.Errorf("got %v, want 11 and then 4", got)
	}
}
