package harnesstest

// Each liar breaks one promise in the way that a real defect would.

// LosingTracker counts updates one by one, as if they bore no value, and loses
// one in every.
func LosingTracker(every uint64) Tracker {
	return func(counts map[string]uint64, u Update) {
		if u.Dynamic && u.Number%every != 0 {
			counts[u.Key]++
		}
	}
}

// AddingTracker takes absolute values for differences and adds them up.
func AddingTracker(counts map[string]uint64, u Update) {
	if u.Dynamic {
		counts[u.Key] += u.Value
	}
}

// StaticTracker charges for static answers too.
func StaticTracker(counts map[string]uint64, u Update) { counts[u.Key]++ }
