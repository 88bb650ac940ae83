package api

import (
	"context"
	"net/http"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

// CustomerDetail is the answer to GET /v1/customers/{name}.
type CustomerDetail struct {
	Customer string        `json:"customer"`
	Durable  bool          `json:"durable"` // total and sources were committed
	Total    uint64        `json:"total"`   // since ever
	Rate     float64       `json:"rate"`    // per second, the mean over windowSeconds
	Window   float64       `json:"windowSeconds"`
	Sources  []SourceShare `json:"sources"`         // never null; what each source counted of the total
	Plan     *PlanState    `json:"plan,omitempty"`  // none if it has no plan
	Usage    *UsageDetail  `json:"usage,omitempty"` // none if the tracker has no store
}

// SourceShare is what one source counted for a customer, since ever.
type SourceShare struct {
	Source      string `json:"source"`
	Total       uint64 `json:"total"`
	Logged      uint64 `json:"logged"`      // the part of it that stopping processes have logged
	Retired     uint64 `json:"retired"`     // the part of it from generations that are summed up
	Generations int    `json:"generations"` // with a part of it that are not
}

// UsageDetail is the usage of a customer in a period.
type UsageDetail struct {
	From    time.Time   `json:"from"`
	To      time.Time   `json:"to"` // exclusive
	Bucket  string      `json:"bucket"`
	Sum     uint64      `json:"sum"`
	Buckets []UsageSlot `json:"buckets"` // never null; those without usage are left out
}

// UsageSlot is the usage in one bucket.
type UsageSlot struct {
	Start time.Time `json:"start"` // of the bucket, even if from is later
	Count uint64    `json:"count"`
}

// serveCustomer answers GET /v1/customers/{name}.
func (a *API) serveCustomer(w http.ResponseWriter, r *http.Request) error {
	p, err := paramsOf(r, append([]string{"durable"}, paramsPeriod...)...)
	if err != nil {
		return err
	}
	durable, err := p.durable()
	if err != nil {
		return err
	}
	at, err := p.period(time.Now())
	if err != nil {
		return err
	}
	name, err := fromText(r.PathValue("name"))
	if err != nil {
		return wrong("name", "%v", err)
	}
	if !a.server.Stored() && (p.has("from") || p.has("to") || p.has("bucket")) {
		return errNoStore()
	}
	d, err := a.customer(r.Context(), name, at, durable)
	if err != nil {
		return err
	}
	return writeJSON(w, d)
}

// customer collects what is known about a customer. If durable is not demanded, it
// does not wait for a commit.
func (a *API) customer(ctx context.Context, name string, at period, durable bool) (*CustomerDetail, error) {
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	if !durable {
		stop() // the tracker then says at once whether it is durable
	}
	state, known := a.server.Customer(waiting, name)
	if !known {
		return nil, problemf(http.StatusNotFound, "no customer %q was ever counted", tracker.InText(name))
	}
	if !state.Durable && durable {
		return nil, a.notDurableNow()
	}
	d := &CustomerDetail{
		Customer: tracker.InText(name), Durable: state.Durable, Total: state.Total,
		Sources: make([]SourceShare, len(state.Sources)), Plan: a.planState(name),
	}
	for i, s := range state.Sources {
		d.Sources[i] = SourceShare{Source: s.Source, Total: s.Total, Logged: s.Logged, Retired: s.Retired, Generations: s.Books}
	}
	var err error
	d.Rate, d.Window = a.live.rateOf(state.Number)
	if a.server.Stored() {
		d.Usage, err = a.usageOf(ctx, state.Number, at)
	}
	return d, err
}

// rateOf is rate and window.
func (l *live) rateOf(customer uint32) (rate, window float64) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.rate(customer), l.window()
}

// usageOf returns the usage of one customer.
func (a *API) usageOf(ctx context.Context, customer uint32, at period) (*UsageDetail, error) {
	u := &UsageDetail{From: at.from, To: at.to, Bucket: string(at.by), Buckets: []UsageSlot{}}
	sum := sums{by: at.by, emit: func(_ uint32, start time.Time, n uint64) error {
		u.Buckets = append(u.Buckets, UsageSlot{start, n})
		u.Sum += n
		return nil
	}}
	if err := a.server.Usage(ctx, at.query([]uint32{customer}), sum.add); err != nil {
		return nil, err
	}
	return u, sum.end()
}
