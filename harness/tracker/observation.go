package tracker

// Observation is one update of a peer: the absolute value of a key's counter.
type Observation struct {
	Session *Session // that said it
	Key     []byte   // as in HAProxy's table; valid during the call only
	Value   uint32
	Timed   bool // an answer to a resync request, perhaps about another process's key
}

// Effect is what an Observation did to the totals.
type Effect uint8

// The effects.
const (
	Unchanged Effect = iota // a repetition
	Grown
	Restarted // the entry had been lost in its owner and began again at zero
	Ignored   // an older copy of what is known
	Refused   // the key has no generation or is too long, its generation is closed, or a limit is reached
	Foreign   // a copy of what another source counts
	Delayed   // plain keys: kept in mind until the peer has told everything
	effects   // how many there are
)

var effectNames = [effects]string{"unchanged", "grown", "restarted", "ignored", "refused", "foreign", "delayed"}

// String returns one lower-case word.
func (e Effect) String() string {
	if e >= effects {
		return "unknown"
	}
	return effectNames[e]
}

// Tally counts observations by their effect.
type Tally [effects]uint64

// Counter is what a Server counts with. Its methods are called one at a time.
type Counter interface {
	Count(o Observation) Effect
}
