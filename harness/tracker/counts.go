package tracker

import (
	"time"

	"github.com/haproof/haproof/harness/tracker/drain"
)

// What Counts remembers at most, beside maxCustomers and maxNameBytes.
const (
	maxKeys       = 1 << 26 // entries, all books together
	maxBooks      = 1 << 16 // generations that count
	maxBooksEach  = 1 << 13 // those of one source: no source can use up the room of others
	maxClosed     = 1 << 22 // generations that do not count any more
	maxKey        = 1024    // bytes of one
	maxGeneration = 64      // bytes of one
)

// Counts is the arithmetic of the tracker, without clock, socket or disk. It never
// counts more than HAProxy did, however updates are repeated, delayed between
// sessions, or copied from worker to worker and from HAProxy to HAProxy.
//
// With generation keys it misses only what no peer has told it, and
//   - what an entry had grown to and was not told when HAProxy dropped it (purge,
//     expiry, clear table), and all of a life of it that ended below the value known
//     before;
//   - what a process that died has told other HAProxies and not us;
//   - the keys of a generation that was closed: because nothing grew in it for
//     Rules.Retire while a newer process of its source counted, or because two
//     HAProxies that are peers of one another have the same generation. Its live
//     updates are Refused, and complained about.
//
// HAProxies that are peers of one another must not share a generation: put the
// instance's name into it. HAProxy itself mixes up their counters otherwise.
//
// With plain keys it misses besides:
//   - when a process is replaced, what the new one counted of a customer before it had
//     learned the value of the old one;
//   - after a crash, nothing if no process of the source was connected in the settle
//     time of 15 s before. Else, of a customer of whom the new process counts more than
//     the old one had, as much as the old one had; and of the others nothing, but that
//     is counted when everything was told twice after the settle time, some minutes
//     later. If we do not know the number of the process, because we call it, it is
//     what the new process counts until then.
//
// HAProxies that share plain keys in one table as peers of one another are counted more
// than once: give each a table of its own.
type Counts struct {
	rules     Rules
	customers customers
	books     []*book // by number; nil for those that are gone
	origins   map[originKey]*origin
	tables    map[string]map[string]generation // by table and generation
	open      int                              // books that are not nil
	closed    int                              // generations
	size      int                              // entries
	newest    uint32                           // number of a session
	epoch     uint32                           // grows when books change hands
	now       time.Time
	hour      Hour

	began    time.Time // when the time was first told
	retiring retiring
	gripes   gripes
	seen     *drain.Seen // lines of the log

	looks  [lookahead]look // of CountAll
	warmed uint32          // keeps the compiler from leaving reads out

	// Since the last Take.
	firstNew uint32
	entries  []entryRef
	changed  []*book
	markers  []BookState
	dropped  []uint32
	drained  []DrainMark
	growth   []Growth // of hours that are over
}

type entryRef struct{ book, customer uint32 }

var _ Counter = (*Counts)(nil)

// NewCounts returns Counts that have seen nothing and follow the default Rules.
func NewCounts() *Counts { return Rules{}.NewCounts() }

// NewCounts returns Counts that have seen nothing.
func (r Rules) NewCounts() *Counts {
	return &Counts{
		rules: r.withDefaults(), customers: newCustomers(),
		origins: make(map[originKey]*origin), tables: make(map[string]map[string]generation),
		seen: drain.NewSeen(drain.Limits{}),
	}
}

// Advance says what time it is for all that follows.
func (c *Counts) Advance(now time.Time) {
	if c.now.IsZero() {
		c.began = now
	}
	c.now = now
	if hour := HourOf(now); hour != c.hour {
		c.growth = c.customers.takeGrowth(c.growth, c.hour)
		c.hour = hour
	}
}

// Count applies an observation.
func (c *Counts) Count(o Observation) Effect { return c.count(&o, c.look(&o)) }

func (c *Counts) count(o *Observation, l look) Effect {
	if o.Session.origin == nil {
		c.Open(o.Session)
	}
	if len(o.Key) > maxKey {
		return c.refuse(longKey, o.Session, o.Key)
	}
	if c.rules.Keys == PlainKeys {
		return c.countPlain(o, l)
	}
	if l.end < 0 { // concat of a variable that is not set
		return c.refuse(noGeneration, o.Session, o.Key)
	}
	b, effect := c.bookOf(o.Session, o.Key, o.Key[l.end+1:], o.Timed)
	if b == nil {
		return effect
	}
	e, customer, why := c.entryOf(b, o.Key[:l.end], l)
	if e == nil {
		return c.refuse(why, o.Session, o.Key)
	}
	return c.observe(b, e, customer, o)
}

// observe applies an observation to its entry.
func (c *Counts) observe(b *book, e *entry, customer uint32, o *Observation) Effect {
	newest := b.origin.newest
	if !b.Live {
		newest = c.newest // it may turn out to be anybody's
	}
	growth, effect := e.apply(word{
		value: o.Value, timed: o.Timed, session: o.Session.Number, newest: newest, barrier: b.barrier,
	})
	if effect == Grown || effect == Restarted {
		c.grow(b, e, customer, growth)
	}
	return effect
}

// entryOf finds the entry of a customer in a book, or makes it. If it cannot, it
// says why.
func (c *Counts) entryOf(b *book, name []byte, l look) (*entry, uint32, reason) {
	customer := l.number - 1
	if l.number == 0 {
		var ok bool
		if customer, ok = c.customers.enterHashed(name, l.hash); !ok {
			return nil, 0, tooManyCustomers
		}
	}
	e := b.entries.find(customer)
	if e == nil {
		if c.size >= maxKeys {
			return nil, 0, tooManyKeys
		}
		e = c.addEntry(b, customer)
	}
	return e, customer, 0
}

func (c *Counts) addEntry(b *book, customer uint32) *entry {
	c.size++
	return b.entries.add(customer)
}

// grow adds growth of an entry, which has changed.
func (c *Counts) grow(b *book, e *entry, customer uint32, growth uint64) {
	c.customers.grow(customer, growth)
	b.sum += growth
	c.mark(b, e)
	if b.hour != c.hour {
		c.touch(b)
	}
}

// mark notes that an entry has changed.
func (c *Counts) mark(b *book, e *entry) {
	if e.id&dirty == 0 {
		c.entries = append(c.entries, entryRef{b.ID, e.customer()})
		e.id |= dirty
	}
}

// touch notes in which hour a book has grown.
func (c *Counts) touch(b *book) {
	b.hour = c.hour
	b.Touched = c.hour.Time()
	c.markBook(b)
}

func (c *Counts) markBook(b *book) {
	if !b.changed {
		b.changed = true
		c.changed = append(c.changed, b)
	}
}

// newBook returns an empty book of an origin; nil if there are too many.
func (c *Counts) newBook(o *origin, kind BookKind, generation string) *book {
	if c.open >= maxBooks || kind == BookTable && len(o.books) >= maxBooksEach {
		return nil
	}
	b := &book{origin: o, BookState: BookState{
		ID: uint32(len(c.books)), Source: o.source, Table: o.table, Generation: generation, Kind: kind,
	}}
	c.books = append(c.books, b)
	c.open++
	o.books = append(o.books, b)
	c.touch(b)
	return b
}
