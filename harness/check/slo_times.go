package check

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/stats"
)

// sloQuantiles are what objectives on times may name.
var sloQuantiles = [...]struct {
	name string
	of   func(*stats.Histogram) time.Duration
}{
	{"p50", func(h *stats.Histogram) time.Duration { return h.Quantile(0.5) }},
	{"p90", func(h *stats.Histogram) time.Duration { return h.Quantile(0.9) }},
	{"p95", func(h *stats.Histogram) time.Duration { return h.Quantile(0.95) }},
	{"p99", func(h *stats.Histogram) time.Duration { return h.Quantile(0.99) }},
	{"p999", func(h *stats.Histogram) time.Duration { return h.Quantile(0.999) }},
	{"max", (*stats.Histogram).Max},
}

// The times that objectives are about, by what stands before the quantile's name.
const (
	sloResponse  = ""
	sloService   = "service-"
	sloLag       = "lag-"
	sloFirstByte = "ttfb-" // only the driver's own statistics have it
)

// sloTimes are the times of a record.
type sloTimes map[string]*stats.Histogram

// newSLOTimes reads them. Attempts of a soft start are left out, and what was shed has
// no time but that of its response.
func newSLOTimes(rec *harness.Record) (t sloTimes, err error) {
	t = sloTimes{sloResponse: stats.NewHistogram(), sloService: stats.NewHistogram(), sloLag: stats.NewHistogram(), sloFirstByte: stats.NewHistogram()}
	for i := range rec.Attempts {
		a := &rec.Attempts[i]
		if !rec.Cell.Scenario.Workload.Timed(a) {
			continue
		}
		t[sloResponse].Record(a.Latency())
		if a.Cause != harness.CauseShed {
			t[sloService].Record(a.Service())
			t[sloLag].Record(a.Lag())
		}
	}
	var kept []harness.Distribution
	var as []string
	if all := rec.Totals; all != nil {
		kept, as = append(kept, all.Response, all.Service, all.Lag), append(as, sloResponse, sloService, sloLag)
	}
	if s := rec.Driven.Statistics; s != nil {
		kept, as = append(kept, s.FirstByte), append(as, sloFirstByte)
	}
	for i, d := range kept {
		if t[as[i]], err = d.Decode(); err != nil {
			return t, err
		}
	}
	return t, nil
}

// sloTime is an objective on a time.
type sloTime struct {
	of       string // which times, such as sloService
	quantile int    // index into sloQuantiles
	limit    time.Duration
	orEqual  bool // the limit itself is good too
}

func (o sloTime) name() string { return o.of + sloQuantiles[o.quantile].name }

func (o sloTime) met(d time.Duration) bool { return d < o.limit || o.orEqual && d == o.limit }

// want says what the objective asks for.
func (o sloTime) want() string {
	if o.orEqual {
		return fmt.Sprintf("at most %v", o.limit)
	}
	return fmt.Sprintf("less than %v", o.limit)
}

// relation splits such as "<=20ms" into what stands before the value and the value.
// Without anything before it, usual is what is meant.
func relation(text, usual string) (sign, value string) {
	for _, sign := range []string{"<=", ">=", "<", ">"} {
		if value, ok := strings.CutPrefix(text, sign); ok {
			return sign, strings.TrimSpace(value)
		}
	}
	return usual, text
}

// times reads the objectives on times.
func (o *options) times() (all []sloTime) {
	for _, of := range []string{sloResponse, sloService, sloFirstByte, sloLag} {
		for i := range sloQuantiles {
			t := sloTime{of: of, quantile: i}
			text, ok := o.take(t.name())
			if !ok {
				continue
			}
			sign, value := relation(text, "<")
			var err error
			t.limit, err = time.ParseDuration(value)
			if err != nil || t.limit <= 0 || sign[0] != '<' {
				o.errs = append(o.errs, fmt.Errorf("option %s: %q is no upper limit above 0, such as 10ms or <=10ms", t.name(), text))
			}
			t.orEqual = sign == "<="
			all = append(all, t)
		}
	}
	return all
}

// sloShare is the objective on errors: the share of the attempts that may go wrong.
type sloShare struct {
	given  bool
	limit  float64
	strict bool // the limit itself is too much
}

func (s sloShare) met(share float64) bool { return share < s.limit || !s.strict && share == s.limit }

func (s sloShare) want() string {
	if s.strict {
		return "less than " + percentage(s.limit)
	}
	return "at most " + percentage(s.limit)
}

// errorBudget reads a share of errors such as 0.1% or <0.1%, or 0.
func (o *options) errorBudget(name string) (s sloShare) {
	text, ok := o.take(name)
	if !ok {
		return s
	}
	sign, value := relation(text, "<=")
	number, signed := strings.CutSuffix(value, "%")
	limit, err := strconv.ParseFloat(number, 64)
	if err != nil || !(limit >= 0 && limit <= 100) || !signed && limit != 0 || sign[0] != '<' {
		o.errs = append(o.errs, fmt.Errorf("option %s: %q is no upper limit of a share of errors, such as 0.1%% or <0.1%%", name, text))
	}
	s = sloShare{given: true, limit: limit / 100, strict: sign == "<"}
	if s.strict && s.limit == 0 {
		o.errs = append(o.errs, fmt.Errorf("option %s: nothing is below 0%%: want <=0%%", name))
	}
	return s
}

// sloRate is the objective on the achieved rate.
type sloRate struct {
	least  float64 // attempts per second; 0 for any
	strict bool
}

func (r sloRate) met(rps float64) bool { return rps > r.least || !r.strict && rps == r.least }

func (r sloRate) want() string {
	if r.strict {
		return fmt.Sprintf("more than %g/s", r.least)
	}
	return fmt.Sprintf("at least %g/s", r.least)
}

var errRate = errors.New("is no lower limit of a rate, such as >4900/s")

// leastRate reads a rate such as >4900/s.
func (o *options) leastRate(name string) (r sloRate) {
	text, ok := o.take(name)
	if !ok {
		return r
	}
	sign, value := relation(text, ">=")
	rate, err := harness.ParseRate(value)
	if err != nil || rate <= 0 || sign[0] != '>' {
		o.errs = append(o.errs, fmt.Errorf("option %s: %q %w", name, text, errRate))
	}
	return sloRate{least: float64(rate), strict: sign == ">"}
}
