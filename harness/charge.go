package harness

// Charge is how one tracker's counts compare with the truth, over all customers of
// one trial. The truth is an interval: an answer that the client did not see may be
// charged or not, and both are right.
type Charge struct {
	Tracker string `json:"tracker"` // the witness, such as tracker or tracker2
	Truth   Tally  `json:"truth"`   // dynamic answers that must be charged, and those that may be
	Counted uint64 `json:"counted"` // what the tracker says

	Lost         uint64 `json:"lost"`    // sum over the customers of what the tracker lacks
	Doubled      uint64 `json:"doubled"` // likewise of what it has too many
	LostRange    Range  `json:"lostRange"`
	DoubledRange Range  `json:"doubledRange"`

	Explained []Explained `json:"explained,omitempty"` // at most MaxFindings
	Omitted   int         `json:"omitted,omitempty"`   // of Explained, beyond MaxFindings
}

// Range is how many a scenario expects, both ends included.
type Range struct {
	Low  uint64 `json:"low"`
	High uint64 `json:"high"`
	Text string `json:"text"` // as the scenario has it, such as 0..stopping
}

// Holds says whether n is what the scenario expects.
func (r Range) Holds(n uint64) bool { return r.Low <= n && n <= r.High }

// Explained is one answer that was likely lost or charged twice.
type Explained struct {
	Customer string `json:"customer"`
	Seq      uint64 `json:"seq"`
	Doubled  bool   `json:"doubled,omitempty"` // else it was lost
	Cause    string `json:"cause"`             // such as: answered by the stopping worker 3 ms after the reload of proxy1
	Of       uint64 `json:"of"`                // how many answers would explain it as well, this one included
	Certain  bool   `json:"certain,omitempty"` // all of them were lost, or doubled
}
