package check

import (
	"maps"
	"slices"
	"time"

	"github.com/haproof/haproof/harness"
)

// limitedCustomer is what one customer saw of its limit.
type limitedCustomer struct {
	key      string
	held     bool // it has a limit within reach
	attempts []*harness.Attempt
	told     map[*uint64]bool // wrongs of which there is a finding

	charged []time.Duration // when each answer that was charged had come, ascending
	sent    []time.Duration // when each attempt was sent that may have been charged, ascending
}

// customersOf sorts a record's attempts by customer.
func customersOf(rec *harness.Record, limits harness.Limits) []*limitedCustomer {
	byKey := map[string]*limitedCustomer{}
	for i := range rec.Attempts {
		a := &rec.Attempts[i]
		if a.Key == "" {
			continue
		}
		c := byKey[a.Key]
		if c == nil {
			c = &limitedCustomer{key: a.Key, held: limits.Hold(a.Key)}
			byKey[a.Key] = c
		}
		c.add(a)
	}
	list := make([]*limitedCustomer, 0, len(byKey))
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		c := byKey[key]
		slices.Sort(c.charged)
		slices.Sort(c.sent)
		list = append(list, c)
	}
	return list
}

func (c *limitedCustomer) add(a *harness.Attempt) {
	c.attempts = append(c.attempts, a)
	if !a.Dynamic || a.Outcome == harness.Failed {
		return
	}
	c.sent = append(c.sent, a.Sent)
	if a.Outcome == harness.OK {
		c.charged = append(c.charged, a.Done)
	}
}

// usedUp is when the client had the answer that used the limit up; never if there
// was none.
func (c *limitedCustomer) usedUp(total uint64) time.Duration {
	if uint64(len(c.charged)) < total {
		return never
	}
	return c.charged[total-1]
}

// deniable is the time before which the proxies cannot have given as many answers
// as the limit: they were not even asked for.
func (c *limitedCustomer) deniable(total uint64) time.Duration {
	if uint64(len(c.sent)) < total {
		return never
	}
	return c.sent[total-1]
}

func denied(a *harness.Attempt) bool { return a.Cause == harness.CauseDenied }

// served says whether an origin answered.
func served(a *harness.Attempt) bool { return a.Outcome == harness.OK && !denied(a) && !byProxy(a) }
