package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/haproof/haproof/harness"
)

// loadOptions are the flags of drive that say how much is offered, and when.
type loadOptions struct {
	rate      string
	duration  time.Duration
	requests  uint64
	shape     string
	softStart time.Duration
	arrivals  string
	seed      uint64
	totals    bool
}

func (o *loadOptions) flags(flags *pflag.FlagSet) {
	flags.StringVar(&o.rate, "rate", "", "offered load, such as 5000/s (needed, unless --users)")
	flags.DurationVar(&o.duration, "duration", 0, "length of the load (default 10s, unless --requests)")
	flags.Uint64Var(&o.requests, "requests", 0, "exactly so many requests, instead of a duration")
	flags.StringVar(&o.shape, "shape", "", "how the rate goes on from --rate: ramp:5000/s, steps:2000/s,3000/s or sine:5000/s,10s")
	flags.DurationVar(&o.softStart, "soft-start", 0, "let the load grow to its rate before; counted, but in no time")
	flags.StringVar(&o.arrivals, "arrivals", harness.ArrivalsRegular, "regular, or poisson: independent of each other")
	flags.Uint64Var(&o.seed, "seed", 1, "of what is left to chance")
	flags.BoolVar(&o.totals, "totals", false, "keep what requests add up to, not each of them: memory does not grow, and there may be any number")
}

// into writes the flags into a workload, whose clients are in it already.
func (o *loadOptions) into(w *harness.Workload) (err error) {
	w.Duration, w.SoftStart, w.Arrivals, w.Seed = o.duration, o.softStart, o.arrivals, o.seed
	if w.Requests == 0 && w.Duration == 0 {
		w.Duration = 10 * time.Second
	}
	loop := w.Users != nil && w.Users.Count > 0
	if !loop || o.rate != "" {
		if w.Rate, err = harness.ParseRate(o.rate); err != nil {
			return fmt.Errorf("--rate: %w", err)
		}
	}
	if w.Shape, err = parseShape(o.shape); err != nil {
		return fmt.Errorf("--shape: %w", err)
	}
	switch {
	case loop && (o.rate != "" || o.shape != "" || o.arrivals != harness.ArrivalsRegular):
		return errors.New("--users is a closed loop, which has no --rate, --shape or --arrivals of its own: keep one of them")
	case w.Requests > 0 && w.Duration > 0:
		return errors.New("--requests and --duration can disagree: keep one of them")
	case w.Shape != nil && w.Requests > 0:
		return errors.New("--shape needs a --duration, and no --requests")
	case w.Duration < 0 || w.SoftStart < 0:
		return errors.New("--duration and --soft-start are not below 0")
	case w.Arrivals != harness.ArrivalsRegular && w.Arrivals != harness.ArrivalsPoisson:
		return fmt.Errorf("--arrivals %s: there are %s and %s", w.Arrivals, harness.ArrivalsRegular, harness.ArrivalsPoisson)
	}
	if ramp := float64(w.Rate) * w.SoftStart.Seconds() / 2; w.Requests > 0 && ramp > 0 && sessionOf(w)*ramp+0.5 >= float64(w.Requests) {
		return fmt.Errorf("--soft-start %v alone has all of --requests %d: make it shorter, or ask for more", w.SoftStart, w.Requests)
	}
	if w.SoftStart > harness.MaxSoftStart {
		return fmt.Errorf("--soft-start %v: want at most %v", w.SoftStart, harness.MaxSoftStart)
	}
	return o.limited(w)
}

// sessionOf returns how many requests come of one arrival.
func sessionOf(w *harness.Workload) float64 {
	if w.Users == nil {
		return 1
	}
	return float64(max(1, w.Users.Requests))
}

// limited keeps what a workload adds up to within memory. How many attempts a closed
// loop makes is up to the server; where they are kept it is stopped at the limit.
func (o *loadOptions) limited(w *harness.Workload) error {
	if w.Rate > 0 && float64(w.Requests)/(float64(w.Rate)*sessionOf(w)) > longest.Seconds() || w.Duration > longest {
		return fmt.Errorf("%s: that lasts longer than %v: ask for less, and stop it when you like", o.asked(), longest)
	}
	if o.totals && w.Arrivals != harness.ArrivalsPoisson {
		return nil
	}
	highest := w.Rate
	if w.Shape != nil {
		highest = max(highest, w.Shape.To)
		for _, rate := range w.Shape.Rates {
			highest = max(highest, rate)
		}
	}
	attempts := float64(highest) * (w.Duration + w.SoftStart).Seconds() * sessionOf(w)
	attempts = max(attempts, float64(w.Requests))
	if o.totals {
		if drawn := attempts / sessionOf(w); drawn > harness.MaxAttempts {
			return fmt.Errorf("%.0f arrivals are more than the %d that --arrivals poisson can draw: ask for fewer, or let them arrive regularly", drawn, harness.MaxAttempts)
		}
		return nil
	}
	if attempts > harness.MaxAttempts {
		return fmt.Errorf("%.0f requests are more than the limit of %d: ask for fewer, or keep what they add up to alone (--totals)", attempts, harness.MaxAttempts)
	}
	return nil
}

// longest is how long a drive may be meant to last: an attempt's time must fit.
const longest = 366 * 24 * time.Hour

// asked is how much the flags ask for.
func (o *loadOptions) asked() string {
	if o.requests > 0 {
		return fmt.Sprintf("--requests %d at --rate %s", o.requests, o.rate)
	}
	return fmt.Sprintf("--duration %v", o.duration)
}

// mostSteps bounds the rates of --shape steps.
const mostSteps = 1000

// parseShape reads such as ramp:5000/s; nil for nothing.
func parseShape(text string) (*harness.Shape, error) {
	if text == "" {
		return nil, nil
	}
	kind, rest, _ := strings.Cut(text, ":")
	parts := strings.Split(rest, ",")
	s := &harness.Shape{Kind: kind}
	var err error
	switch {
	case kind == harness.ShapeRamp && len(parts) == 1:
		s.To, err = harness.ParseRate(parts[0])
	case kind == harness.ShapeSine && len(parts) == 2:
		if s.To, err = harness.ParseRate(parts[0]); err == nil {
			s.Period, err = time.ParseDuration(parts[1])
		}
		if err == nil && s.Period < time.Millisecond {
			err = fmt.Errorf("a period of %v is too short", s.Period)
		}
	case kind == harness.ShapeSteps && len(parts) <= mostSteps:
		for _, part := range parts {
			var rate harness.Rate
			if rate, err = harness.ParseRate(part); err != nil {
				break
			}
			s.Rates = append(s.Rates, rate)
		}
	default:
		return nil, fmt.Errorf("%q is none such as ramp:5000/s, steps:2000/s,3000/s or sine:5000/s,10s", text)
	}
	return s, err
}
