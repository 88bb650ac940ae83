package harness

import (
	"fmt"
	"time"
)

// The limits of users.
const (
	MaxUsers     = 1 << 16 // there at a time
	MaxSession   = 100_000 // attempts of one user
	MaxThinking  = time.Hour
	MaxSoftStart = time.Hour // of a soft start
)

// closed says whether there are always so many users, so that the load follows the answers.
func (w *Workload) closed() bool { return w.Users != nil && w.Users.Count > 0 }

// session returns the attempts that come of one arrival.
func (w *Workload) session() float64 {
	if w.Users == nil || w.closed() {
		return 1
	}
	return float64(max(1, w.Users.Requests))
}

// ramp returns the arrivals of a soft start.
func (w *Workload) ramp() float64 { return float64(w.Rate) * w.SoftStart.Seconds() / 2 }

// usersRules hold where the clients of a workload wait for their answers.
var usersRules = []rule{
	ofUsers("count", func(u *Users, _ *Workload) (text, suggestion string) {
		if u.Count < 0 || u.Count > MaxUsers {
			return fmt.Sprintf("users.count is %d, want 1 to %d, or 0 where users arrive at a rate", u.Count, MaxUsers), ""
		}
		return "", ""
	}),
	ofUsers("count", func(u *Users, w *Workload) (text, suggestion string) {
		switch {
		case u.Count > 0 && w.Rate != 0:
			return fmt.Sprintf("there are always %d users and they arrive at a rate, which can disagree", u.Count), "keep users.count or rate"
		case u.Count > 0 && (w.Shape != nil || w.Arrivals != ""):
			return "shape and arrivals say when users arrive, and there are always as many", "take them out, or set a rate in place of users.count"
		}
		return "", ""
	}, "workload.rate", "workload.shape", "workload.arrivals"),
	ofUsers("count", func(u *Users, w *Workload) (text, suggestion string) {
		if c := w.Connect; c != nil && c.Most > 0 && c.Most < u.Count {
			return fmt.Sprintf("%d users have a connection each, and connect.most is %d", u.Count, c.Most), "set connect.most to as many or more, or take it out"
		}
		return "", ""
	}, "workload.connect.most"),
	ofUsers("requests", func(u *Users, _ *Workload) (text, suggestion string) {
		switch {
		case u.Requests < 0 || u.Requests > MaxSession:
			return fmt.Sprintf("users.requests is %d, want 1 to %d", u.Requests, MaxSession), ""
		case u.Requests == 0 && u.Count <= 0:
			return "nobody said how often a user asks who arrives", "add users.requests: 10, or users.count: 50 for always so many"
		}
		return "", ""
	}, "workload.users.count"),
	ofUsers("requests", func(u *Users, w *Workload) (text, suggestion string) {
		if u.Count > 0 || u.Requests < 1 || w.Requests%uint64(u.Requests) == 0 {
			return "", ""
		}
		whole := w.Requests / uint64(u.Requests) * uint64(u.Requests)
		return fmt.Sprintf("%d requests are no whole number of users who ask %d times each", w.Requests, u.Requests),
			fmt.Sprintf("set requests: %d", max(whole, uint64(u.Requests)))
	}, "workload.requests", "workload.users.count"),
	ofUsers("think", func(u *Users, _ *Workload) (text, suggestion string) {
		if u.Think < 0 || u.Think > MaxThinking {
			return fmt.Sprintf("users.think is %v, want 0s to %v", u.Think, MaxThinking), ""
		}
		return "", ""
	}),
	ofUsers("thinking", func(u *Users, _ *Workload) (text, suggestion string) {
		if u.Thinking != "" && u.Think == 0 {
			return "users.thinking says how pauses are spread, and there are none", "add users.think: 500ms"
		}
		return "", ""
	}, "workload.users.think"),
	ofUsers("", func(_ *Users, w *Workload) (text, suggestion string) {
		switch {
		case w.Search != nil:
			return "a search offers rates whatever the answers, and users wait for theirs", "take users out, or search"
		case w.replayed():
			return "a replay has the times of requests, and users have their own", "take users out, or the shape"
		}
		return "", ""
	}, "workload.search", "workload.shape"),
}

// ofUsers is a rule about users, if there are any. It rests while the field, or one of
// those around it that it looks at too, could not be read.
func ofUsers(name string, broken func(*Users, *Workload) (text, suggestion string), around ...string) rule {
	paths := []string{"workload.users"}
	if name != "" {
		paths = []string{"workload.users." + name, "workload.users"}
	}
	return rule{append(paths, around...), func(sc *Scenario) (string, string) {
		if sc.Workload.Users == nil {
			return "", ""
		}
		return broken(sc.Workload.Users, &sc.Workload)
	}}
}

// softStartRules hold where the rate grows ahead of the schedule.
var softStartRules = []rule{
	lasting("workload.softstart", func(sc *Scenario) time.Duration { return sc.Workload.SoftStart }, 0, MaxSoftStart),
	{[]string{"workload.softstart", "workload.search", "workload.shape"}, func(sc *Scenario) (string, string) {
		w := &sc.Workload
		switch {
		case w.SoftStart == 0:
		case w.Search != nil:
			return "a search has a probe to warm up with", "take softstart out"
		case w.replayed():
			return "a replay has no rate that a soft start could grow to", "take softstart out"
		}
		return "", ""
	}},
	{[]string{"workload.softstart", "workload.requests", "workload.rate", "workload.users"}, func(sc *Scenario) (string, string) {
		w := &sc.Workload
		if n := w.ramp() * w.session(); w.SoftStart > 0 && w.Requests > 0 && n+0.5 >= float64(w.Requests) {
			return fmt.Sprintf("the soft start alone has %.0f of the %d requests", n, w.Requests), "make softstart shorter, or ask for more requests"
		}
		return "", ""
	}},
}
