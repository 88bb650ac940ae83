// Package plan holds customers to limits. A Set says which plan a customer has, and
// which limits a plan; a Meter adds up what customers use and tells when one crosses
// a threshold of a limit, who is to be denied, and when the denied are released.
//
// It is arithmetic: without clock, socket or goroutine. Time is what the caller says
// with Advance, in UTC. A Meter is for one goroutine at a time.
//
// At the start, and when Replace asks for it, a Meter must be told what was used and
// what was emitted before, from the same store that keeps the counts:
//
//	meter, err := plan.New(set, now)
//	meter.Emitted(id, end)                   // every stored crossing that has not ended
//	meter.Restore(customer, hour, n)         // what each customer used in each hour
//	meter.Restored()
//
// From then on a crossing is emitted once, if what Take returns is stored in the same
// transaction as the growth that was fed to Grow before it.
package plan
