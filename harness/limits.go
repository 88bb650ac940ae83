package harness

import "time"

// Limits are what a tracker holds customers to: it has the proxies deny the first
// Customers of the workload everything once each has been charged Total times.
// The other customers have a limit too, one that no workload reaches.
type Limits struct {
	Customers int           `yaml:"customers" json:"customers"` // c0000 and those after it
	Total     uint64        `yaml:"total" json:"total"`         // dynamic answers that each may have
	Expire    time.Duration `yaml:"expire" json:"expireNs"`     // the proxies forget a denial that the tracker does not repeat; 0 means 6s
}

// Limits returns what the trackers of the topology hold customers to; nil for
// nothing.
func (t Topology) Limits() *Limits { return t[TierTracker].Limits }

// Hold says whether the customer with the key has a limit that it may reach.
// Nobody has one where there are no limits.
func (l *Limits) Hold(key string) bool {
	number, ok := CustomerNumber(key)
	return l != nil && ok && number < l.Customers
}

// Expect says whether an attempt with the cause went as the scenario expects: with
// limits, being denied is no error, and a client that left did so because it should.
func (l *Limits) Expect(cause Cause) bool {
	return cause == "" || cause == CauseAborted || cause == CauseDenied && l != nil
}
