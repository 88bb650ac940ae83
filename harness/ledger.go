package harness

// Tally is what a witness saw of one key: charged Sure times, and up to Unsure
// more.
type Tally struct {
	Sure   uint64 `json:"sure"`
	Unsure uint64 `json:"unsure,omitempty"`
}

// Ledger maps each key (customer) to its tally.
type Ledger map[string]Tally

// Total adds up all tallies of the ledger.
func (l Ledger) Total() Tally {
	var sum Tally
	for _, t := range l {
		sum.Sure += t.Sure
		sum.Unsure += t.Unsure
	}
	return sum
}

// The five witnesses of a quota trial.
const (
	WitnessClient     = "client"
	WitnessOrigin     = "origin"
	WitnessStickTable = "sticktable"
	WitnessProxyLog   = "proxylog"
	WitnessTracker    = "tracker"
)

// ClientLedger tallies attempts: an answer that bore the application's mark is
// sure, a dynamic attempt of unknown outcome is unsure.
func ClientLedger(attempts []Attempt) Ledger {
	ledger := Ledger{}
	for i := range attempts {
		ledger.add(&attempts[i])
	}
	return ledger
}

// add tallies one attempt of a client.
func (l Ledger) add(a *Attempt) {
	if a.Key == "" || !a.Dynamic || a.Outcome == Failed {
		return
	}
	t := l[a.Key]
	if a.Outcome == OK {
		t.Sure++
	} else {
		t.Unsure++
	}
	l[a.Key] = t
}
