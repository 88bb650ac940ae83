package plan

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// Meter adds up what customers with a plan use, and compares it with their limits.
// Customers without a plan cost one look-up in a map. It knows for each kind of period
// the one that is running and the one before.
type Meter struct {
	accounts map[string]*account
	fallback *rules // of customers without an account; nil if there is no default plan

	full    map[*account]struct{} // at a limit that denies, in a period that is known
	changed []*account
	emitted map[ID]int64 // crossings of periods that run, and when those end
	pending []Crossing

	restoring bool
	unsettled []*account

	now             time.Time
	hour            int64 // of now
	current, oldest starts
	grown           grown
	refused         uint64
	most            int // accounts; MaxCustomers
}

// grown remembers the periods of the hour that was looked at last: growth comes in
// runs of the same hour.
type grown struct {
	hour int64
	starts
}

// New returns a Meter that waits for usage to be restored: it looks at no threshold
// and denies nobody before Restored is called. It fails if the set is not valid.
func New(plans Set, now time.Time) (*Meter, error) {
	if err := plans.Validate(); err != nil {
		return nil, err
	}
	book := newBook(plans)
	m := &Meter{
		fallback: book.fallback, accounts: make(map[string]*account, len(plans.Assigned)),
		full: make(map[*account]struct{}), emitted: make(map[ID]int64),
		restoring: true, most: MaxCustomers,
		grown: grown{hourOf(now), startsAt(now)},
	}
	m.turnTo(now)
	for _, customer := range slices.Sorted(maps.Keys(plans.Assigned)) {
		m.open(customer, book.of(customer))
	}
	return m, nil
}

// Grow adds n to what the customer used in the given hour. Growth of a period that
// ended before the last one counts only for longer periods. Call Advance first if the
// hour may be a new one.
func (m *Meter) Grow(customer string, hour time.Time, n uint64) {
	a := m.accounts[customer]
	if a == nil {
		if m.fallback == nil {
			return
		}
		if a = m.enter(customer); a == nil {
			m.refused += n
			return
		}
	}
	m.add(a, hour, n)
}

// Take returns the crossings since it was called last. Each is returned once.
func (m *Meter) Take() []Crossing {
	taken := m.pending
	m.pending = nil
	return taken
}

// Err tells that customers go without limits, because there are too many. It is nil
// while there is room.
func (m *Meter) Err() error {
	if m.refused == 0 {
		return nil
	}
	return fmt.Errorf("%d customers with a plan, the limit: growth of %d by others counts for no limit", len(m.accounts), m.refused)
}

// Advance tells the time: periods end, and the customers that were denied for them
// are released. It costs little within an hour. Time may also step back a little, as
// clocks do.
func (m *Meter) Advance(now time.Time) {
	if hourOf(now) == m.hour {
		m.now = now.UTC()
		return
	}
	m.turnTo(now)
	for a := range m.full {
		m.judge(a)
	}
	maps.DeleteFunc(m.emitted, func(_ ID, end int64) bool { return end <= m.now.Unix() })
}

func (m *Meter) turnTo(now time.Time) {
	m.now, m.hour = now.UTC(), hourOf(now)
	m.current, m.oldest = startsAt(now), startsBefore(now)
}

// enter opens an account for a customer of the default plan if there is room.
func (m *Meter) enter(customer string) *account {
	if len(m.accounts) >= m.most {
		return nil
	}
	return m.open(strings.Clone(customer), m.fallback)
}

func (m *Meter) open(customer string, r *rules) *account {
	a := &account{customer: customer, rules: r, settled: !m.restoring}
	m.accounts[customer] = a
	if !a.settled {
		m.unsettled = append(m.unsettled, a)
	}
	return a
}

func (m *Meter) add(a *account, hour time.Time, n uint64) {
	if h := hourOf(hour); h != m.grown.hour {
		m.grown = grown{h, startsAt(hour)}
	}
	for i, start := range m.grown.starts {
		if start < m.oldest[i] {
			continue
		}
		t := a.usage[i].at(start, m.current[i])
		if t == nil {
			continue
		}
		t.add(n)
		thresholds := a.rules.limits[i].thresholds
		if a.settled && int(t.passed) < len(thresholds) && t.used >= thresholds[t.passed].at {
			m.pass(a, i, t, m.emit)
			m.judge(a)
		}
	}
}

// pass moves the tally over the thresholds that it has reached.
func (m *Meter) pass(a *account, i int, t *tally, reached func(*account, Period, *tally, threshold)) {
	thresholds := a.rules.limits[i].thresholds
	for ; int(t.passed) < len(thresholds) && t.used >= thresholds[t.passed].at; t.passed++ {
		reached(a, Period(i+1), t, thresholds[t.passed])
	}
}

// emit makes a crossing unless it was made before.
func (m *Meter) emit(a *account, p Period, t *tally, reached threshold) {
	maximum := a.rules.limits[p-1].max
	id := crossingID(a.customer, a.rules.plan, p, t.start, maximum, reached.percent)
	if _, ok := m.emitted[id]; ok {
		return
	}
	c := Crossing{
		ID: id, Customer: a.customer, Plan: a.rules.plan, Period: p,
		Limit: maximum, Used: t.used, Percent: reached.percent,
		Deny: a.rules.deny && reached.percent == 100, At: m.now,
	}
	if p != Total {
		c.PeriodStart = time.Unix(t.start, 0).UTC()
		c.PeriodEnd = p.End(c.PeriodStart)
	}
	m.Emitted(id, c.PeriodEnd)
	m.pending = append(m.pending, c)
}

// Emitted tells of a crossing that an earlier Meter made, and when its period ends
// (zero for Total): it is not made again. Crossings of periods that have ended need
// not be told.
func (m *Meter) Emitted(id ID, end time.Time) {
	switch {
	case end.IsZero():
		m.emitted[id] = math.MaxInt64
	case end.After(m.now):
		m.emitted[id] = end.Unix()
	}
}

// hourOf numbers the hours.
func hourOf(t time.Time) int64 { return t.Unix() / 3600 }
