package driver

import "github.com/haproof/haproof/harness"

// sessions say which user makes an attempt, so that all of one user's go to the same
// customer and host: these are drawn for the user. The zero value is for attempts that
// know nothing of each other.
type sessions struct {
	seed  uint64
	each  uint64 // attempts of a user, 0 for any number
	count uint64 // users at a time, 0 where they arrive
}

// sessionsOf returns the sessions of a workload. Users who neither leave nor keep
// cookies are no sessions: they ask what attempts that know nothing of each other would.
func sessionsOf(w harness.Workload) sessions {
	u := w.Users
	if u == nil || u.Requests <= 0 && !u.Cookies {
		return sessions{}
	}
	return sessions{seed: w.Seed, each: uint64(max(0, u.Requests)), count: uint64(max(0, u.Count))}
}

func (s sessions) any() bool { return s.each > 0 || s.count > 0 }

// user returns the number of the user of attempt k, k itself where there are none.
func (s sessions) user(k uint64) uint64 {
	switch {
	case s.count > 0 && s.each > 0:
		return k/s.count/s.each*s.count + k%s.count
	case s.count > 0:
		return k % s.count
	case s.each > 0:
		return k / s.each
	}
	return k
}

// What is drawn for a user, apart from each other and from all that is drawn for attempts.
const (
	drawCustomer uint64 = 0x7573657263757374
	drawHost     uint64 = 0x75736572686f7374
	drawKind     uint64 = 0x757365726b696e64
)

// share draws a number from 0 up to but excluding 1: for the user of attempt k, or by r
// where there are none.
func (s sessions) share(k uint64, r *random, what uint64) float64 {
	if !s.any() {
		return r.share()
	}
	own := randomOf(s.seed^what, s.user(k))
	return own.share()
}

// below draws an integer from 0 up to but excluding n, likewise.
func (s sessions) below(k uint64, r *random, what uint64, n int) int {
	return int(s.share(k, r, what) * float64(n))
}
