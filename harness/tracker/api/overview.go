package api

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"time"

	"github.com/haproof/haproof/harness/tracker/plan"
)

// pageRows is how many customers a page shows.
const pageRows = 50

// overview is what the template of the first page shows.
type overview struct {
	frame
	Health      health
	Facts       []fact
	Query, Sort string
	SortWord    string
	Columns     []column
	Rows        []row
	Nobody      string // said if there are no rows
	Plans       bool   // some customers have one
	Shown       string
	First, Next string // addresses
	Sources     []sourceCard
}

// fact is a number that is shown large.
type fact struct {
	Name, Value, Unit string
	Chart             template.HTML
}

// column is the head of a column.
type column struct {
	Name, Class string
	URL         string // that sorts by it; empty if it cannot
	Sorted      string // ascending or descending; empty if it is not
}

// row is one customer.
type row struct {
	Name, URL, Total, Rate string
	Chart                  template.HTML
	Plan                   *planBar
}

var sortWords = map[string]string{byUsage: "usage", byRate: "rate", byName: "name"}

// servePage answers GET / with the customers and the sources.
func (a *API) servePage(w http.ResponseWriter, r *http.Request) error {
	p, err := paramsOf(r, "q", "sort", "cursor")
	if err != nil {
		return err
	}
	l, err := p.listing(pageRows)
	if err != nil {
		return err
	}
	l.prefix = p.text("q")
	list, err := a.customers(r, l)
	if err != nil {
		return err
	}
	v := overview{
		frame: a.inner("Customers"), Health: a.health(), Facts: a.facts(), Query: l.prefix, Sort: l.order,
		SortWord: sortWords[l.order], Columns: a.columns(l), Plans: a.cfg.Limits != nil,
		Nobody: "No customer was counted yet.", Shown: shown(list, l), Sources: a.sourceCards(),
	}
	if l.prefix != "" {
		v.Nobody = fmt.Sprintf("No customer's name begins with %q.", l.prefix)
	}
	a.live.addCourses(&list, time.Now())
	for _, c := range list.Customers {
		v.Rows = append(v.Rows, a.row(c))
	}
	if l.after != nil {
		v.First = l.url("")
	}
	if list.Next != "" {
		v.Next = l.url(list.Next)
	}
	return writePage(w, http.StatusOK, "page.html", v)
}

func (a *API) row(c Customer) row {
	r := row{Name: c.Customer, URL: customerURL(c.Customer), Total: grouped(c.Total), Rate: perSecond(c.Rate), Chart: spark(c.course, "")}
	if a.cfg.Limits == nil {
		return r
	}
	if s, ok := a.cfg.Limits.State(c.name); ok {
		r.Plan = closest(s)
	}
	return r
}

// customerURL is where the page of a customer is.
func customerURL(text string) string {
	return "/customer?" + url.Values{"name": {text}}.Encode()
}

// url is where a page of the same list is, the first one without a cursor.
func (l listing) url(cursor string) string {
	q := url.Values{}
	if l.prefix != "" {
		q.Set("q", l.prefix)
	}
	if l.order != byUsage {
		q.Set("sort", l.order)
	}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	if len(q) == 0 {
		return "/"
	}
	return "/?" + q.Encode()
}

func (a *API) columns(l listing) []column {
	all := []column{
		{Name: "Customer", Class: "name", URL: byName},
		{Name: "Total", Class: "n", URL: byUsage},
		{Name: "Per second", Class: "n", URL: byRate},
		{Name: "Last " + ago(slots*slotTicks*a.cfg.Tick), Class: "course"},
		{Name: "Plan", Class: "plans"},
	}
	for i, c := range all {
		if c.URL == l.order {
			all[i].Sorted = "descending"
			if l.order == byName {
				all[i].Sorted = "ascending"
			}
		}
		if c.URL != "" {
			all[i].URL = listing{order: c.URL, prefix: l.prefix}.url("")
		}
	}
	return all
}

// shown says how much of the list is shown.
func shown(c Customers, l listing) string {
	text := fmt.Sprintf("%s of %s customers", grouped(uint64(len(c.Customers))), grouped(uint64(c.Matching)))
	if l.prefix != "" {
		text += fmt.Sprintf(" whose names begin with %q", l.prefix)
	}
	return text
}

// facts are the numbers above the table.
func (a *API) facts() []fact {
	s := a.live.summary()
	slot := slotTicks * a.cfg.Tick
	open, all := 0, a.server.Sources()
	for _, source := range all {
		if source.Sessions > 0 {
			open++
		}
	}
	facts := []fact{
		{Name: "counted since ever", Value: grouped(s.total)},
		{Name: fmt.Sprintf("mean of %.0f s", s.window), Value: perSecond(s.rate), Unit: "per second", Chart: spark(s.course, courseWords(s.course, slot))},
		{Name: "customers", Value: grouped(uint64(s.customers))},
		{Name: "sources connected", Value: fmt.Sprint(open), Unit: fmt.Sprintf("of %d", len(all))},
	}
	if a.cfg.Limits != nil {
		c := a.census.of(a.cfg.Limits, time.Now())
		facts = append(facts, fact{Name: "customers denied", Value: grouped(uint64(c.denied)), Unit: fmt.Sprintf("of %s with a plan", grouped(uint64(c.planned)))})
	}
	return facts
}

// planBar is how much of a limit is used.
type planBar struct {
	Denied, Near bool
	Width        string // of 100
	Percent      string // of the limit that is used
	Limit        string
	Resets       string
}

// nearPercent is from where on a customer is near its limit.
const nearPercent = 80

// closest is the limit of which most is used.
func closest(s plan.State) *planBar {
	var most *plan.Usage
	for i, u := range s.Limits {
		if most == nil || millionths(u.Used, u.Max) > millionths(most.Used, most.Max) {
			most = &s.Limits[i]
		}
	}
	if most == nil {
		return nil
	}
	b := barOf(*most)
	b.Denied = s.Denied
	return &b
}

func barOf(u plan.Usage) planBar {
	m := millionths(u.Used, u.Max)
	b := planBar{Near: m >= nearPercent*10_000, Width: fmt.Sprintf("%.1f", min(100, float64(m)/10_000)), Resets: "never resets"}
	b.Percent, b.Limit = percent(u.Used, u.Max), "of "+grouped(u.Max)
	if u.Period != plan.Total {
		b.Limit += " / " + u.Period.String()
		b.Resets = "resets " + u.Resets.Format("2006-01-02 15:04") + " UTC"
	}
	return b
}
