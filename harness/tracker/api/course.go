package api

import "time"

// What is remembered of single customers, for the small charts of the page.
const (
	maxLeaders   = 500             // those with the largest totals always
	maxCourses   = 5000            // together with those that were asked for
	courseWanted = 5 * time.Minute // this long after they were
)

// course is growth by slot, the newest last.
type course struct {
	points [slots]uint32
	sums   uint64 // of the newest point, not cut at 32 bits
	filled int    // points that are known
}

func (c *course) add(growth uint64) {
	copy(c.points[:], c.points[1:])
	c.points[slots-1] = uint32(min(growth, 1<<32-1))
	c.sums = growth
	c.filled = min(c.filled+1, slots)
}

func (c *course) newest() uint64 { return c.sums }

// known returns the points that are known.
func (c *course) known() []uint32 { return c.points[slots-c.filled:] }

// courses are those of single customers. Who has none gets one by being a leader, or
// by being asked for; it begins then.
type courses struct {
	of map[uint32]*watched
}

type watched struct {
	course
	wanted time.Time
	leader bool
}

func newCourses() courses { return courses{of: make(map[uint32]*watched)} }

// turn ends a slot for all of them.
func (c courses) turn(growth []uint32, leaders []uint32) {
	for _, w := range c.of {
		w.leader = false
	}
	for _, n := range leaders {
		if w := c.want(n, time.Time{}); w != nil {
			w.leader = true
		}
	}
	expired := time.Now().Add(-courseWanted)
	for n, w := range c.of {
		if !w.leader && w.wanted.Before(expired) {
			delete(c.of, n)
			continue
		}
		w.add(uint64(growth[n]))
	}
}

// want returns the course of a customer and keeps it; nil if there are too many.
func (c courses) want(customer uint32, now time.Time) *watched {
	w := c.of[customer]
	if w == nil {
		if len(c.of) >= maxCourses {
			return nil
		}
		w = &watched{}
		c.of[customer] = w
	}
	if now.After(w.wanted) {
		w.wanted = now
	}
	return w
}
