package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/haproof/haproof/harness/goals"
	"github.com/haproof/haproof/harness/stats"
)

const (
	frozenRate   = 500 // attempts per second
	frozenLength = 5600 * time.Millisecond
	frozenAfter  = 2 * time.Second
	frozenFor    = 1400 * time.Millisecond
)

// frozen stops the server for 1.4 s of 5.6 s. Nobody can answer meanwhile, so
// what the quantiles of the response times must be is known: attempt k, due while
// the server stood still, waits for its end.
func (b *bench) frozen(ctx context.Context) error {
	var wrong []float64
	var last string
	for range b.plan.Frozen {
		c := b.client("wire", b.offer("wire", frozenRate, frozenLength))
		t, stood, err := b.stopServer(ctx, c)
		if err != nil {
			return err
		}
		s, err := heard(c.name, t.out)
		if err != nil {
			return err
		}
		must := stood.responses(time.Unix(0, s.Began))
		wrong = append(wrong, worst(s.Response, must)*100)
		last = fmt.Sprintf("the last time p90 was %s ms and must be %s, p99 %s and %s",
			goals.Number(millis(s.Response[atP90])), goals.Number(millis(must[atP90])), goals.Number(millis(s.Response[atP99])), goals.Number(millis(must[atP99])))
	}
	note := fmt.Sprintf("%d/s for %v, server stopped for %v (SIGSTOP); the worst of p90, p95, p99 and p99.9, in relation to what they must be; %s", frozenRate, frozenLength, frozenFor, last)
	b.row(goals.Result{What: "stopped server, wire: response times are wrong by", Unit: "%", Goal: goals.AtMost(1), Values: wrong, Note: note})
	return b.frozenRivals(ctx)
}

// frozenRivals says what others make of it. They are not held to the goal: wrk
// has no rate, so that what it never asked is missing from its answer.
func (b *bench) frozenRivals(ctx context.Context) error {
	url := "http://" + b.server.plain + "/pixel.gif"
	t, _, err := b.stopServer(ctx, wrk(url, 6*time.Second, "--latency"))
	if err != nil {
		return err
	}
	p99, err := wrkP99(string(t.out))
	if err != nil {
		return err
	}
	truth := frozenFor - frozenLength/100
	must := fmt.Sprintf("%s ms is what p99 must be of a client that asks at a rate", goals.Number(millis(truth)))
	b.row(goals.Result{What: "stopped server, wrk: p99", Unit: "ms", Values: []float64{millis(p99)}, Note: must + "; a closed loop asks nobody meanwhile"})
	if b.rival == "" {
		return nil
	}
	vegeta := b.goRival("vegeta by itself", "open", "vegeta", url, strconv.Itoa(frozenRate), frozenLength.String())
	t, _, err = b.stopServer(ctx, vegeta)
	if err != nil {
		return err
	}
	s, err := heard(vegeta.name, t.out)
	if err != nil {
		return err
	}
	b.row(goals.Result{What: "stopped server, vegeta by itself: p99", Unit: "ms", Values: []float64{millis(s.Response[atP99])}, Note: must})
	return nil
}

func millis(d time.Duration) float64 { return float64(d) / 1e6 }

// stop is when the server stood still.
type stop struct{ from, until time.Time }

// stopServer runs a client and stops the server meanwhile.
func (b *bench) stopServer(ctx context.Context, c client) (t turn, s stop, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- b.freeze(ctx, &s) }()
	if t, err = b.launch(ctx, c); err != nil {
		cancel()
	}
	err = errors.Join(err, <-stopped)
	return t, s, err
}

// freeze stops the server, after a while, for a while. It never leaves it stopped.
func (b *bench) freeze(ctx context.Context, s *stop) error {
	server := b.server.cmd.Process
	if err := wait(ctx, frozenAfter); err != nil {
		return err
	}
	if err := server.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	s.from = time.Now()
	early := wait(ctx, frozenFor)
	s.until = time.Now()
	return errors.Join(server.Signal(syscall.SIGCONT), early)
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// responses returns what the quantiles must be, of a client that began then: every
// attempt that was due while the server stood still takes until it goes on, every
// other one takes no time.
func (s stop) responses(began time.Time) (at []time.Duration) {
	var all []time.Duration
	for due := time.Duration(0); due < frozenLength; due += time.Second / frozenRate {
		took := time.Duration(0)
		if moment := began.Add(due); moment.After(s.from) && moment.Before(s.until) {
			took = s.until.Sub(moment)
		}
		all = append(all, took)
	}
	slices.Sort(all)
	for _, q := range quantiles {
		at = append(at, stats.Quantile(all, q))
	}
	return at
}

// worst is the greatest error of the quantiles that the stop decides.
func worst(got, want []time.Duration) (most float64) {
	for i := range want {
		if want[i] > 0 {
			most = max(most, math.Abs(float64(got[i])/float64(want[i])-1))
		}
	}
	return most
}

// wrkP99 reads wrk's latency distribution.
func wrkP99(out string) (time.Duration, error) {
	for line := range strings.Lines(out) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[0] == "99%" {
			return time.ParseDuration(fields[1])
		}
	}
	return 0, fmt.Errorf("wrk said no p99: %q", out)
}
