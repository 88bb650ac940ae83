package driver

import (
	"errors"
	"fmt"
	"time"

	"github.com/haproof/haproof/harness"
)

// users says who asks when, where the clients of a workload wait for their answers. With
// a count there are always so many, each on a seat: when one has asked as often as it
// should, the next one takes its seat at once. Without, users arrive by a schedule.
// All of it is a pure function of the workload but the moments at which answers end,
// and so are sequence ids: attempt j of seat s of n is s+j*n, attempt j of a user u
// who arrives, and asks r times, is u*r+j.
type users struct {
	count    uint64        // always so many; 0 means that they arrive
	each     uint64        // attempts of one user; 0 with a count means until the end
	total    uint64        // attempts of all; 0 with a count means until a time
	until    time.Duration // with a count: nobody asks from then on; 0 for no such time
	soft     time.Duration // with a count: in which they come, one after the other
	arrivals schedule      // without a count
	seed     uint64
	think    time.Duration
	random   bool // pauses are drawn, think is their mean
	cookies  bool
}

// mostUsers bounds the users who are there at a time. One takes less than 100 bytes, and
// cookieBytes more where it keeps cookies. Who arrives beyond that waits, and is shed
// when its patience ends.
const mostUsers = harness.MaxUsers

var errNoAttempts = errors.New("users: need requests of 1 or more where there is no count")

func newUsers(w harness.Workload) (*users, error) {
	of := w.Users
	u := &users{
		count: uint64(max(0, of.Count)), each: uint64(max(0, of.Requests)), seed: w.Seed,
		think: of.Think, random: of.Thinking == harness.ThinkExponential, cookies: of.Cookies,
	}
	if u.count > mostUsers {
		return nil, fmt.Errorf("users: %d are more than the limit of %d", u.count, mostUsers)
	}
	if u.count > 0 {
		u.total, u.soft = w.Requests, w.SoftStart
		if w.Requests == 0 {
			u.until = w.SoftStart + w.Duration
		}
		if w.Requests == 0 && w.Duration <= 0 {
			return nil, errors.New("requests, duration: users ask until one of them ends")
		}
		return u, nil
	}
	if u.each == 0 {
		return nil, errNoAttempts
	}
	if w.Requests%u.each != 0 {
		return nil, fmt.Errorf("requests: %d are no whole number of users who ask %d times each", w.Requests, u.each)
	}
	w.Requests /= u.each
	var err error
	if u.arrivals, err = newSchedule(w); err != nil {
		return nil, err
	}
	u.total = u.arrivals.total() * u.each
	return u, nil
}

// seats returns how many users come, or, where there are always so many, seats.
func (u *users) seats() uint64 {
	if u.count > 0 {
		return u.count
	}
	return u.arrivals.total()
}

// comes returns when a user arrives, or a seat is taken first.
func (u *users) comes(seat uint64) time.Duration {
	if u.count > 0 {
		return time.Duration(float64(u.soft) * float64(seat) / float64(u.count))
	}
	return u.arrivals.due(seat)
}

// asks returns how many attempts are made from a seat; 0 means until the end.
func (u *users) asks(seat uint64) uint64 {
	switch {
	case u.count == 0:
		return u.each
	case u.total == 0:
		return 0
	}
	n := u.total / u.count
	if seat < u.total%u.count {
		n++
	}
	return n
}

// asksAny says whether any attempt is made from a seat.
func (u *users) asksAny(seat uint64) bool { return u.total == 0 || u.asks(seat) > 0 }

// seq returns the id of attempt j from a seat.
func (u *users) seq(seat, j uint64) uint64 {
	if u.count > 0 {
		return seat + j*u.count
	}
	return seat*u.each + j
}

// fresh says whether attempt j from a seat is a user's first one.
func (u *users) fresh(j uint64) bool { return j == 0 || u.each > 0 && j%u.each == 0 }

// pauseStream keeps pauses apart from what else is drawn with the same seed.
const pauseStream = 0x7061757365000000

// pause returns how long a user thinks before attempt j from its seat.
func (u *users) pause(seat, j uint64) time.Duration {
	switch {
	case u.fresh(j):
		return 0
	case !u.random:
		return u.think
	}
	r := randomOf(u.seed, pauseStream^u.seq(seat, j))
	return time.Duration(gap(&r) * float64(u.think))
}
