package api

import (
	"sync"
	"time"
)

// censusAge is how old a census may be, and censusShare how much longer it is shown
// than it took.
const (
	censusAge   = 5 * time.Second
	censusShare = 50
)

// census is how many customers have a plan, and how many are denied.
type census struct {
	mu     sync.Mutex
	newest censusTaken
	fresh  time.Time // until then
}

type censusTaken struct{ planned, denied int }

// of returns a census that is not too old.
func (c *census) of(limits Limits, now time.Time) censusTaken {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Before(c.fresh) {
		return c.newest
	}
	c.newest = censusTaken{}
	for s := range limits.States() {
		c.newest.planned++
		if s.Denied {
			c.newest.denied++
		}
	}
	c.fresh = now.Add(max(censusAge, censusShare*time.Since(now)))
	return c.newest
}
