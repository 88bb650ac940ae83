package api

import (
	"cmp"
	"math/bits"
	"net/http"
	"slices"
	"time"

	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/plan"
)

// Plans is the answer to GET /v1/plans.
type Plans struct {
	Count  int         `json:"count"`  // customers that have a plan
	Denied int         `json:"denied"` // those that are denied
	States []PlanState `json:"states"` // never null
	Next   string      `json:"next"`   // cursor of the next page, empty on the last
}

// PlanState is how a customer stands with its plan.
type PlanState struct {
	Customer string      `json:"customer"`
	Plan     string      `json:"plan"`
	Denied   bool        `json:"denied"`
	Limits   []LimitUsed `json:"limits"` // never null; from the shortest period to the longest
}

// LimitUsed is how much of a limit is used.
type LimitUsed struct {
	Period string    `json:"period"` // hour, day, month or total
	Limit  uint64    `json:"limit"`
	Used   uint64    `json:"used"`
	Resets time.Time `json:"resets,omitzero"` // when the period ends; none for total
}

// byUsed orders customers by what they have used of the limit they are closest to.
const byUsed = "used"

func planStateOf(s plan.State) PlanState {
	p := PlanState{Customer: tracker.InText(s.Customer), Plan: s.Plan, Denied: s.Denied, Limits: make([]LimitUsed, len(s.Limits))}
	for i, u := range s.Limits {
		p.Limits[i] = LimitUsed{Period: u.Period.String(), Limit: u.Max, Used: u.Used, Resets: u.Resets}
	}
	return p
}

// planState returns how a customer stands; nil if it has no plan.
func (a *API) planState(customer string) *PlanState {
	if a.cfg.Limits == nil {
		return nil
	}
	s, ok := a.cfg.Limits.State(customer)
	if !ok {
		return nil
	}
	p := planStateOf(s)
	return &p
}

// share is how much of the limit that is closest is used, in parts per million.
func share(s plan.State) (most uint64) {
	for _, u := range s.Limits {
		most = max(most, millionths(u.Used, u.Max))
	}
	return most
}

// millionths is used/limit, which may be any numbers.
func millionths(used, limit uint64) uint64 {
	high, low := bits.Mul64(used, 1_000_000)
	if high >= limit {
		return 1<<64 - 1
	}
	quotient, _ := bits.Div64(high, low, limit)
	return quotient
}

// planListing is which states are asked for.
type planListing struct {
	order  string
	denied bool // only those
	limit  int
	after  *cursor
}

// servePlans answers GET /v1/plans.
func (a *API) servePlans(w http.ResponseWriter, r *http.Request) error {
	p, err := paramsOf(r, "sort", "denied", "limit", "cursor")
	if err != nil {
		return err
	}
	l, err := p.planListing()
	if err != nil {
		return err
	}
	if a.cfg.Limits == nil {
		return writeJSON(w, Plans{States: []PlanState{}})
	}
	release, err := a.takeHeavy(r.Context())
	if err != nil {
		return err
	}
	defer release()
	return writeJSON(w, plansOf(a.cfg.Limits, l))
}

func (p params) planListing() (l planListing, err error) {
	if l.order, err = p.choice("sort", byUsed, byName); err != nil {
		return l, err
	}
	word, err := p.choice("denied", "any", "true")
	if err != nil {
		return l, err
	}
	l.denied = word == "true"
	if l.limit, err = p.number("limit", usualPage, maxPage); err != nil {
		return l, err
	}
	if text := p.text("cursor"); text != "" {
		if l.after, err = parseCursor(text, l.order); err != nil {
			return l, wrong("cursor", "%v", err)
		}
	}
	return l, nil
}

// standing is a state and what it is ordered by.
type standing struct {
	key   uint64 // the larger first, then the names
	state plan.State
}

// plansOf returns one page. States come in the order of the names.
func plansOf(limits Limits, l planListing) Plans {
	answer := Plans{States: []PlanState{}}
	var all []standing
	for s := range limits.States() {
		answer.Count++
		if s.Denied {
			answer.Denied++
		}
		if at := (standing{l.key(s), s}); (s.Denied || !l.denied) && l.follows(at) {
			all = append(all, at)
		}
	}
	slices.SortStableFunc(all, func(a, b standing) int { return cmp.Compare(b.key, a.key) })
	if len(all) > l.limit {
		all = all[:l.limit]
		last := all[l.limit-1]
		answer.Next = cursor{Order: l.order, Key: last.key, Name: []byte(last.state.Customer)}.String()
	}
	for _, s := range all {
		answer.States = append(answer.States, planStateOf(s.state))
	}
	return answer
}

func (l planListing) key(s plan.State) uint64 {
	if l.order == byName {
		return 0
	}
	return share(s)
}

// follows says whether a standing comes behind the cursor.
func (l planListing) follows(s standing) bool {
	if l.after == nil || s.key != l.after.Key {
		return l.after == nil || s.key < l.after.Key
	}
	return s.state.Customer > string(l.after.Name)
}
