package api

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// customerView is what the template of the page of one customer shows.
type customerView struct {
	frame
	Name    string
	Health  health
	Facts   []fact
	Plan    string
	Limits  []planBar
	Kept    bool // usage by the hour
	Bucket  string
	Column  string // head of the buckets
	Tabs    []tab
	Chart   template.HTML
	Sum     string
	Buckets []bucketView
	Sources []fact
}

// tab leads to the same page with other buckets.
type tab struct {
	Name, URL string
	Current   bool
}

type bucketView struct{ Start, Count string }

// serveCustomerPage answers GET /customer with one customer.
func (a *API) serveCustomerPage(w http.ResponseWriter, r *http.Request) error {
	p, err := paramsOf(r, append([]string{"name"}, paramsPeriod...)...)
	if err != nil {
		return err
	}
	at, err := p.period(time.Now())
	if err != nil {
		return err
	}
	name, err := fromText(p.text("name"))
	if err != nil {
		return wrong("name", "%v", err)
	}
	d, err := a.customer(r.Context(), name, at, false)
	if err != nil {
		return err
	}
	v := customerView{
		frame: a.inner(d.Customer), Name: d.Customer, Health: a.health(), Facts: customerFacts(d),
		Bucket: string(at.by), Column: map[bucket]string{byHour: "Hour (UTC)", byDay: "Day (UTC)", byMonth: "Month (UTC)"}[at.by],
		Tabs: tabs(d.Customer, at.by),
	}
	for _, s := range d.Sources {
		v.Sources = append(v.Sources, fact{Name: s.Source, Value: grouped(s.Total)})
	}
	a.addLimits(&v, name)
	v.addUsage(d.Usage)
	return writePage(w, http.StatusOK, "customer.html", v)
}

func customerFacts(d *CustomerDetail) []fact {
	facts := []fact{{Name: "counted since ever", Value: grouped(d.Total)}}
	if d.Usage != nil {
		facts = append(facts, fact{Name: "in the time below", Value: grouped(d.Usage.Sum)})
	}
	return append(facts, fact{Name: fmt.Sprintf("mean of %.0f s", d.Window), Value: perSecond(d.Rate), Unit: "per second"})
}

func tabs(text string, current bucket) []tab {
	var all []tab
	for _, b := range []bucket{byHour, byDay, byMonth} {
		q := url.Values{"name": {text}, "bucket": {string(b)}}
		all = append(all, tab{Name: map[bucket]string{byHour: "Hours", byDay: "Days", byMonth: "Months"}[b], URL: "/customer?" + q.Encode(), Current: b == current})
	}
	return all
}

func (a *API) addLimits(v *customerView, name string) {
	if a.cfg.Limits == nil {
		return
	}
	s, ok := a.cfg.Limits.State(name)
	if !ok {
		return
	}
	v.Plan = s.Plan
	for _, u := range s.Limits {
		b := barOf(u)
		b.Denied = s.Denied && u.Used >= u.Max
		v.Limits = append(v.Limits, b)
	}
}

// addUsage adds the chart, and the table with the newest first.
func (v *customerView) addUsage(u *UsageDetail) {
	if u == nil {
		return
	}
	v.Kept = true
	v.Chart = columnChart(u)
	v.Sum = fmt.Sprintf("%s from %s to %s (UTC)", grouped(u.Sum), u.From.Format("2006-01-02 15:04"), u.To.Format("2006-01-02 15:04"))
	for _, b := range slices.Backward(u.Buckets) {
		v.Buckets = append(v.Buckets, bucketView{bucket(u.Bucket).label(b.Start), grouped(b.Count)})
	}
}
