package webhook

import (
	"sync"
	"time"
)

// trouble is what is known of a message that could not be delivered.
type trouble struct {
	attempts int
	since    time.Time
	next     time.Time // not before
	arrived  time.Time // it was delivered, but the outbox could not be told
	walk     uint64    // that saw it last
}

// troubles are those of all messages, by ID. They are as many as a walk can see.
type troubles struct {
	mu sync.Mutex
	of map[string]trouble
}

// see returns what is known of a message: the zero value if it has no trouble.
func (t *troubles) see(id string, walk uint64) trouble {
	t.mu.Lock()
	defer t.mu.Unlock()
	known, ok := t.of[id]
	if ok {
		known.walk = walk
		t.of[id] = known
	}
	return known
}

func (t *troubles) set(id string, known trouble) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of[id] = known
}

func (t *troubles) end(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.of, id)
}

// forget drops messages that the walk did not see: they have left the outbox.
func (t *troubles) forget(walk uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, known := range t.of {
		if known.walk != walk {
			delete(t.of, id)
		}
	}
}

func (t *troubles) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.of)
}
