package simproxy

import (
	"fmt"
	"sync"
)

// roster numbers the customers. A fleet shares one, so that a hundred tables of the
// same customers hold their names once.
type roster struct {
	mu      sync.RWMutex
	numbers map[string]uint32
	names   []string // by number; what is in it does not change
	drawn   []uint32 // numbers of the customers of Flood and Pace
}

func newRoster() *roster { return &roster{numbers: make(map[string]uint32)} }

func (r *roster) number(name string) uint32 {
	r.mu.RLock()
	n, ok := r.numbers[name]
	r.mu.RUnlock()
	if ok {
		return n
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.enter(name)
}

func (r *roster) enter(name string) uint32 {
	n, ok := r.numbers[name]
	if !ok {
		n = uint32(len(r.names))
		r.numbers[name] = n
		r.names = append(r.names, name)
	}
	return n
}

// list returns the names that have a number by now.
func (r *roster) list() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.names
}

// Customer is the name of a customer of Flood and Pace, who are numbered from 0.
func Customer(i int) string { return fmt.Sprintf("c%06d", i) }

// first returns the numbers of the first so many customers of Flood and Pace.
func (r *roster) first(customers int) []uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.drawn) < customers {
		r.drawn = append(r.drawn, r.enter(Customer(len(r.drawn))))
	}
	return r.drawn[:customers]
}
