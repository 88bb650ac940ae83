package driver

import (
	"errors"
	"slices"

	"github.com/haproof/haproof/harness"
)

// turnEvery is how often the next customer's turn comes, whatever the draw
// would say: every 17th attempt. So n customers have all had an attempt after
// 17 n attempts. It is prime, so that a customer's turns do not all fall on one
// endpoint, which attempts go round.
const turnEvery = 17

// customers are the quota keys with the hosts that they own.
type customers struct {
	sessions
	keys  []string
	hosts []string
	upTo  []float64 // share of the draws that go to customer i or one before it
}

var errNoCustomers = errors.New("customers: must be at least 1")

// zipfCustomers returns the customers of a workload, of whom the i-th is asked in
// proportion to 1/i, as sites of a hoster are.
func zipfCustomers(w harness.Workload) (*customers, error) {
	return newCustomers(w, func(i int) float64 { return 1 / float64(i+1) })
}

// equalCustomers returns the customers of a workload, who are asked equally often.
func equalCustomers(w harness.Workload) (*customers, error) {
	return newCustomers(w, func(int) float64 { return 1 })
}

func newCustomers(w harness.Workload, weight func(i int) float64) (*customers, error) {
	if w.Customers < 1 {
		return nil, errNoCustomers
	}
	c := &customers{sessions: sessionsOf(w)}
	var sum float64
	for i := range w.Customers {
		key := w.Customer(i)
		c.keys = append(c.keys, key)
		c.hosts = append(c.hosts, key+".customers.test")
		sum += weight(i)
		c.upTo = append(c.upTo, sum)
	}
	for i := range c.upTo {
		c.upTo[i] /= sum
	}
	return c, nil
}

// turn says whether attempt k belongs to a customer whose turn it is.
func turn(k uint64) bool { return k%turnEvery == 0 }

// pick returns the key and the host of the customer that attempt k goes to, with all of
// its user's.
func (c *customers) pick(k uint64, r *random) (key, host string) {
	user := c.user(k)
	i := int(user / turnEvery % uint64(len(c.keys)))
	if !turn(user) {
		i, _ = slices.BinarySearch(c.upTo, c.share(k, r, drawCustomer))
		i = min(i, len(c.keys)-1)
	}
	return c.keys[i], c.hosts[i]
}
