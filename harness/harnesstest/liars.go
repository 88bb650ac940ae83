package harnesstest

// LosingTracker counts updates one by one, as if they bore no value, and loses
// one in every.
func LosingTracker(every uint64) Tracker {
	return func(counts map[string]uint64, u Update) {
		if u.Dynamic && u.Number%every != 0 {
			counts[u.Key]++
		}
	}
}
