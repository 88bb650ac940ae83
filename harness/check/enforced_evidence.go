package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/haproof/haproof/harness"
)

// evidence adds up what customers saw.
type evidence struct {
	limits   harness.Limits
	within   time.Duration
	absences []absence

	reached                                   uint64 // customers that used the limit up
	rightlyDenied, openlyServed, deniedAgain  uint64
	early, unlimited, late, closed, forgotten uint64 // attempts treated wrongly
	stops                                     []stop
	findings                                  findings
}

// stop is how sharply one customer was stopped at the limit, the first time.
type stop struct {
	beyond     uint64        // charged beyond the limit
	lastServed time.Duration // sent after the limit was used up; 0 for none
	denied     time.Duration // when the first denial had come, after the limit was used up
}

func (e *evidence) wrongs() uint64 { return e.early + e.unlimited + e.late + e.closed + e.forgotten }

// hold judges all attempts of one customer.
func (e *evidence) hold(c *limitedCustomer) {
	usedUp := c.usedUp(e.limits.Total)
	if c.held && usedUp != never {
		e.reached++
		e.stop(c, usedUp)
	}
	for _, a := range c.attempts {
		switch {
		case denied(a):
			e.deny(c, a, usedUp)
		case served(a) && c.held && usedUp != never:
			e.serve(c, a, usedUp)
		}
	}
}

func (e *evidence) deny(c *limitedCustomer, a *harness.Attempt, usedUp time.Duration) {
	switch {
	case !c.held:
		e.accuse(&e.unlimited, c, a, "was denied, but has no limit within reach")
	case a.Done <= c.deniable(e.limits.Total):
		e.accuse(&e.early, c, a, fmt.Sprintf("was denied when at most %s could have been charged",
			num(before(c.sent, a.Done))))
	case e.open(a):
		e.accuse(&e.closed, c, a, "was denied though the tracker was gone and its denials expired")
	case e.must(a, usedUp) && e.afterReturn(a):
		e.deniedAgain++
	case e.must(a, usedUp):
		e.rightlyDenied++
	}
}

func (e *evidence) serve(c *limitedCustomer, a *harness.Attempt, usedUp time.Duration) {
	late := fmt.Sprintf("was served %v after its limit was used up", (a.Sent - usedUp).Round(time.Millisecond))
	switch {
	case e.must(a, usedUp) && e.afterReturn(a):
		e.accuse(&e.forgotten, c, a, late+", and the tracker was back")
	case e.must(a, usedUp):
		e.accuse(&e.late, c, a, late)
	case e.open(a) && a.Sent > usedUp+e.within:
		e.openlyServed++
	}
}

// must says whether an attempt has to be denied.
func (e *evidence) must(a *harness.Attempt, usedUp time.Duration) bool {
	if usedUp == never || a.Sent <= usedUp+e.within {
		return false
	}
	return !slices.ContainsFunc(e.absences, func(b absence) bool { return b.suspends(a.Sent) })
}

// open says whether an attempt has to be served.
func (e *evidence) open(a *harness.Attempt) bool {
	return slices.ContainsFunc(e.absences, func(b absence) bool { return b.opens(a.Sent, a.Done) })
}

// afterReturn says whether the tracker had been gone before.
func (e *evidence) afterReturn(a *harness.Attempt) bool {
	return slices.ContainsFunc(e.absences, func(b absence) bool { return b.tracker && a.Sent >= b.settled })
}

func (e *evidence) trackerGone() bool {
	return slices.ContainsFunc(e.absences, func(b absence) bool { return b.tracker })
}

func (e *evidence) returns() bool {
	return slices.ContainsFunc(e.absences, func(b absence) bool { return b.tracker && b.settled != never })
}

func (e *evidence) openLacks() bool   { return e.trackerGone() && e.openlyServed == 0 }
func (e *evidence) returnLacks() bool { return e.returns() && e.deniedAgain == 0 }

// accuse counts a wrong and tells the first of each kind and customer.
func (e *evidence) accuse(wrong *uint64, c *limitedCustomer, a *harness.Attempt, text string) {
	*wrong++
	if c.told == nil {
		c.told = map[*uint64]bool{}
	}
	if !c.told[wrong] {
		e.findings.add(c.key, "%s, sent at %v, %s", id(a.Seq), a.Sent.Round(time.Millisecond), text)
	}
	c.told[wrong] = true
}

// before counts the times before t.
func before(times []time.Duration, t time.Duration) uint64 {
	n, _ := slices.BinarySearch(times, t)
	return uint64(n)
}
