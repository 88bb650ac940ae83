package driver

import (
	"sync/atomic"
	"time"

	"github.com/haproof/haproof/harness"
)

// user is somebody who asks, waits for the answer, thinks and asks again.
type user struct {
	seat  uint64        // see users
	who   uint64        // number of the user on it
	asked uint64        // attempts made from the seat
	due   time.Duration // when it asks next
	gone  bool          // it was too late for its first attempt: it does not wait for the others
	kept  *cookies      // nil where nobody keeps any
}

var _ visitor = (*user)(nil)

func (u *user) number() uint64                { return u.who }
func (u *user) cookie(name string) []byte     { return u.kept.value(name) }
func (u *user) appendCookies(b []byte) []byte { return u.kept.appendTo(b) }
func (u *user) jar() *cookies                 { return u.kept }

// cookiesOf returns where the answers to an attempt's user put their cookies; nil where
// nobody keeps any.
func cookiesOf(who visitor) *cookies {
	if who == nil {
		return nil
	}
	return who.jar()
}

// mark makes it known to a target that it is this user's. Nobody's has no mark.
func (u *user) mark(target *Target) {
	if u != nil {
		target.Who = u
	}
}

// forever is when nothing more is due.
const forever = time.Duration(1<<63 - 1)

// crowd is the users of a shard while they are there. It is not safe for concurrent use.
type crowd struct {
	plan     *users
	patience time.Duration
	lost     *atomic.Uint64 // cookies that found no room
	agenda   agenda         // who thinks
	asking   int            // who waits for an answer
	most     int            // who may be there
	free     []*user
	blocked  bool // somebody has arrived and there is no room
	seated   int  // seats taken so far, where there are always so many users

	coming, step uint64        // who comes next, and how many belong to other shards until the one after
	at           time.Duration // when
}

// newCrowd returns the users of a slice of the plan.
func newCrowd(plan *users, part slice, patience time.Duration, lost *atomic.Uint64) *crowd {
	c := &crowd{
		plan: plan, patience: patience, lost: lost, coming: part.first, step: part.step,
		most: int((mostUsers + part.step - 1 - part.first) / part.step),
	}
	c.agenda = make(agenda, 0, min(plan.seats()/part.step+1, agendaRoom))
	c.expect()
	return c
}

// expect looks up when the next user comes.
func (c *crowd) expect() {
	c.at = forever
	if c.coming < c.plan.seats() && c.plan.asksAny(c.coming) {
		c.at = c.plan.comes(c.coming)
	}
}

// due returns when somebody asks next, forever where that depends on an answer or is
// never. It lets those in who have come.
func (c *crowd) due(now time.Duration) time.Duration {
	due := forever
	if c.plan.until > 0 && now >= c.plan.until {
		c.agenda, c.at = c.agenda[:0], forever
	}
	if len(c.agenda) > 0 {
		due = c.agenda[0].due
	}
	c.blocked = false
	switch {
	case c.at >= due:
		return due
	case c.at > now:
		return c.at
	case len(c.agenda)+c.asking >= c.most && now <= c.at+c.patience:
		c.blocked = true
		return min(due, c.at+c.patience+1)
	}
	c.letIn()
	return c.agenda[0].due
}

// letIn gives the next user its seat.
func (c *crowd) letIn() {
	u := &user{}
	if last := len(c.free) - 1; last >= 0 {
		u, c.free = c.free[last], c.free[:last]
	} else if c.plan.cookies {
		u.kept = newCookies(c.lost)
	}
	*u = user{seat: c.coming, who: c.coming, due: c.at, kept: u.kept}
	u.kept.clear()
	c.agenda.add(u)
	if c.plan.count > 0 {
		c.seated++
	}
	c.coming += c.step
	c.expect()
}

// take returns the user whose turn it is, and its attempt. There must be one.
func (c *crowd) take(now time.Duration) (*user, harness.Attempt) {
	u := c.agenda.next()
	c.asking++
	return u, harness.Attempt{Seq: c.plan.seq(u.seat, u.asked), Intended: u.due, Sent: now}
}

// ended notes that a user's attempt has, so that it thinks about the next one, makes room
// for the next user on its seat, or leaves.
func (c *crowd) ended(u *user, a *harness.Attempt) {
	c.asking--
	if c.plan.count == 0 && u.asked == 0 && a.Cause == harness.CauseShed {
		u.gone = true
	}
	u.asked++
	if !u.gone {
		u.due = a.Done + c.plan.pause(u.seat, u.asked)
	}
	n := c.plan.asks(u.seat)
	if n > 0 && u.asked >= n || c.plan.until > 0 && u.due >= c.plan.until {
		c.free = append(c.free, u)
		return
	}
	if c.plan.fresh(u.asked) {
		u.who += c.plan.count
		u.kept.clear()
	}
	c.agenda.add(u)
}

// done says whether nobody is there and nobody comes any more.
func (c *crowd) done() bool { return c.asking == 0 && len(c.agenda) == 0 && c.at == forever }
