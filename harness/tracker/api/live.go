package api

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

const (
	slotTicks = 5  // looks at the totals in a slot
	slots     = 60 // that a course remembers: the last five minutes
)

// live is the newest look at the totals of all customers, and how they grew of late.
// It holds 24 bytes per customer: two looks, and growth in two slots.
type live struct {
	tick   time.Duration
	effort time.Duration // that the last look took, apart from waiting; only follow reads it

	mu      sync.RWMutex
	at      time.Time // when it looked
	durable bool      // what it saw was committed
	totals  tracker.Totals
	spare   tracker.Totals // the look before, whose slice the next one uses
	began   time.Time      // when the first look was

	// Growth of each customer since slotAt, and from beforeAt to slotAt.
	slotAt, beforeAt time.Time
	slot, before     []uint32
	sum              uint64 // of slot

	course  course // of all customers together
	courses courses
}

func newLive(tick time.Duration) *live {
	return &live{tick: tick, courses: newCourses()}
}

// change is by how much a customer has grown between two looks.
type change struct {
	customer uint32
	growth   uint64
}

// changes are what has grown between two looks.
type changes struct {
	customers int // that grew
	growth    uint64
	most      []change // at most maxChanged, those that grew most first
}

// maxChanged bounds the customers that one event names.
const maxChanged = 500

// see takes in a new look, whose slice is live's from now on.
func (l *live) see(next tracker.Totals, durable bool, now time.Time) changes {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func(began time.Time) { l.effort = time.Since(began) }(time.Now())
	l.durable, l.at = durable, now
	if l.began.IsZero() { // everything is old
		l.began, l.slotAt, l.beforeAt = now, now, now
		l.totals, l.spare = next, tracker.Totals{}
		l.grow()
		return changes{}
	}
	l.spare, l.totals = l.totals, next
	l.grow()
	c := l.compare()
	if now.Sub(l.slotAt) >= slotTicks*l.tick {
		l.turn(now)
	}
	return c
}

// grow makes room for new customers.
func (l *live) grow() {
	n := len(l.totals.Each) - len(l.slot)
	l.slot = append(l.slot, make([]uint32, n)...)
	l.before = append(l.before, make([]uint32, n)...)
}

// compare notes how the customers grew since the look before.
func (l *live) compare() changes {
	var c changes
	most := newBest(maxChanged)
	for i, total := range l.totals.Each {
		growth := total
		if i < len(l.spare.Each) {
			growth -= l.spare.Each[i]
		}
		if growth == 0 {
			continue
		}
		c.customers++
		c.growth += growth
		l.slot[i] = uint32(min(uint64(l.slot[i])+growth, math.MaxUint32))
		most.offer(ranked{growth, uint32(i)})
	}
	l.sum += c.growth
	for _, r := range most.sorted() {
		c.most = append(c.most, change{r.number, r.key})
	}
	return c
}

// turn begins a new slot.
func (l *live) turn(now time.Time) {
	l.course.add(l.sum)
	l.courses.turn(l.slot, l.leaders())
	l.slot, l.before = l.before, l.slot
	clear(l.slot)
	l.sum = 0
	l.beforeAt, l.slotAt = l.slotAt, now
}

// leaders are the customers with the largest totals.
func (l *live) leaders() []uint32 {
	b := newBest(maxLeaders)
	for i, total := range l.totals.Each {
		b.offer(ranked{total, uint32(i)})
	}
	var numbers []uint32
	for _, r := range b.sorted() {
		numbers = append(numbers, r.number)
	}
	return numbers
}

// window is the time that rates are about, in seconds: the slot that is not over, and
// the one before it.
func (l *live) window() float64 { return l.at.Sub(l.beforeAt).Seconds() }

// recent is by how much a customer grew in that time.
func (l *live) recent(customer uint32) uint64 {
	return uint64(l.slot[customer]) + uint64(l.before[customer])
}

// rate is the mean growth of a customer in the window, per second.
func (l *live) rate(customer uint32) float64 {
	window := l.window()
	if window <= 0 || int(customer) >= len(l.slot) {
		return 0
	}
	return float64(l.recent(customer)) / window
}

// rateOfAll is the mean growth of all customers in the window, per second.
func (l *live) rateOfAll() float64 {
	window := l.window()
	if window <= 0 {
		return 0
	}
	return float64(l.sum+l.course.newest()) / window
}

// summary is what there is to say about all customers.
type summary struct {
	at        time.Time
	durable   bool
	total     uint64
	customers int
	rate      float64 // per second
	window    float64 // seconds
	course    []uint32
}

func (l *live) summary() summary {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return summary{
		at: l.at, durable: l.durable, total: l.totals.Total, customers: len(l.totals.Names),
		rate: l.rateOfAll(), window: l.window(), course: slices.Clone(l.course.known()),
	}
}
