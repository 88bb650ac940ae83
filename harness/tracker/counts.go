package tracker

import "bytes"

// What Counts remembers at most.
const (
	maxKeys = 1 << 22 // all sources together
	maxKey  = 1024    // bytes of one
)

// A counter of HAProxy has 32 bits and wraps. A live value below wrapLow after one
// above wrapHigh is taken for that, and not for an entry that began again.
const (
	wrapHigh = 1<<32 - 1<<28
	wrapLow  = 1 << 28
)

// Observation is one update of a peer: the absolute value of a key's counter.
type Observation struct {
	Source  string // name of the peer that said it
	Session uint64 // grows with each connection, in the order in which they arrived
	Table   string
	Key     []byte // valid during the call only
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
	Refused   // the key has no generation or is too long, or there are too many keys
)

// Totals are the counts per customer, and their sum.
type Totals struct {
	Total     uint64
	Customers map[string]uint64
}

// Counter is what a Server counts with. Its methods are called one at a time.
type Counter interface {
	Count(o Observation) Effect
	Totals() Totals
}

var _ Counter = (*Counts)(nil)

// Counts is the Counter that does not lie. It never counts more than HAProxy did,
// however updates are repeated, delayed between sessions, or copied from worker to
// worker, and misses only what no peer has told. The zero value is not ready.
type Counts struct {
	keys      map[origin]map[string]*entry
	size      int
	customers map[string]*uint64
	total     uint64
}

type origin struct{ source, table string }

// entry is one grow-only counter. Its part of the total is base + last.
type entry struct {
	base     uint64 // of earlier lives of the entry
	last     uint32
	owner    uint64 // newest session that sent it live: only its owner does
	seen     uint64 // newest session that changed last
	customer *uint64
}

// NewCounts returns Counts that have seen nothing.
func NewCounts() *Counts {
	return &Counts{
		keys:      make(map[origin]map[string]*entry),
		customers: make(map[string]*uint64),
	}
}

// Count applies an observation.
func (c *Counts) Count(o Observation) Effect {
	keys := c.keys[origin{o.Source, o.Table}]
	e, ok := keys[string(o.Key)]
	if !ok {
		if e = c.enter(o); e == nil {
			return Refused
		}
	}
	growth, effect := e.apply(o)
	*e.customer += growth
	c.total += growth
	return effect
}

// Totals returns a copy of the totals.
func (c *Counts) Totals() Totals {
	t := Totals{Total: c.total, Customers: make(map[string]uint64, len(c.customers))}
	for name, n := range c.customers {
		t.Customers[name] = *n
	}
	return t
}

// enter makes room for a new key, or returns nil if it cannot be counted.
func (c *Counts) enter(o Observation) *entry {
	split := bytes.LastIndexByte(o.Key, '|')
	if split < 0 || len(o.Key) > maxKey || c.size >= maxKeys {
		return nil
	}
	name := string(o.Key[:split])
	customer, ok := c.customers[name]
	if !ok {
		customer = new(uint64)
		c.customers[name] = customer
	}
	from := origin{o.Source, o.Table}
	if c.keys[from] == nil {
		c.keys[from] = make(map[string]*entry)
	}
	e := &entry{customer: customer}
	c.keys[from][string(o.Key)] = e
	c.size++
	return e
}

// apply moves the entry to what was observed and returns by how much it grew.
//
// Two sessions of one process can overlap here, when HAProxy has given one up and
// what it wrote there is still unread: what the older one says is then old news. A
// smaller value is a new life of the entry only if its owner says so, live, and no
// newer session has said more.
func (e *entry) apply(o Observation) (growth uint64, effect Effect) {
	if o.Session < e.owner {
		return 0, Ignored
	}
	if !o.Timed {
		e.owner = o.Session
	}
	switch {
	case o.Value == e.last:
		return 0, Unchanged
	case o.Value > e.last:
		growth = uint64(o.Value - e.last)
		effect = Grown
	case o.Timed || o.Session < e.seen:
		return 0, Ignored
	case e.last > wrapHigh && o.Value < wrapLow:
		growth = uint64(o.Value - e.last) // modulo 2^32
		e.base += 1 << 32
		effect = Grown
	default:
		growth = uint64(o.Value)
		e.base += uint64(e.last)
		effect = Restarted
	}
	e.last = o.Value
	e.seen = max(e.seen, o.Session)
	return growth, effect
}
