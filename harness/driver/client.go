package driver

import (
	"errors"
	"net/http"
	"time"

	"github.com/haproof/haproof/harness"
)

// defaultTimeout is the patience of a client where the workload names none.
const defaultTimeout = 10 * time.Second

// client sends attempts to endpoints and says how each ended. It never sends one
// twice. net/http's transport would: it replays GET and HEAD when a kept-alive
// connection dies under them, and there is no option against that, so the client
// speaks HTTP/1.1 over its own connections. It is safe for concurrent use.
type client struct {
	servers []*server
	timeout time.Duration
	habits  habits
	h2      *h2Client // for the attempts over TLS; nil where they speak HTTP/1.1 too
}

var errNoEndpoint = errors.New("no endpoint to send attempts to")

func newClient(w harness.Workload, to []harness.Endpoint) (*client, error) {
	if len(to) == 0 {
		return nil, errNoEndpoint
	}
	c := &client{timeout: w.Timeout, habits: newHabits(w)}
	if c.timeout <= 0 {
		c.timeout = defaultTimeout
	}
	var err error
	if c.h2, err = newH2Client(w, c.timeout); err != nil {
		return nil, err
	}
	limit := newBerths(c.habits.most)
	for _, e := range to {
		s, err := newServer(e, w, limit)
		if err != nil {
			return nil, err
		}
		c.servers = append(c.servers, s)
	}
	return c, nil
}

// ending is how an attempt ended, without its times.
type ending struct {
	status  int
	bytes   uint64
	dynamic bool
	outcome harness.Outcome
	cause   harness.Cause
	phases  phases
}

// serverOf returns the endpoint of an attempt: that of its target, or the one whose
// turn it is.
func (c *client) serverOf(seq uint64, target *Target) *server {
	return c.servers[c.indexOf(seq, target)]
}

func (c *client) indexOf(seq uint64, target *Target) int {
	if target.Listed {
		return target.Server
	}
	return int(seq % uint64(len(c.servers)))
}

// send sends one attempt and returns when its answer is complete, the client left as
// the target has it, or its patience ended.
func (c *client) send(seq uint64, target *Target) ending {
	began := time.Now()
	deadline := began.Add(c.timeout)
	s := c.serverOf(seq, target)
	if c.h2 != nil && target.TLS {
		return c.h2.send(s, seq, target, deadline)
	}
	pool := s.poolFor(target)
	e := ending{dynamic: target.Dynamic}
	cn, at, err := s.connection(pool, deadline)
	if err != nil {
		e.outcome, e.cause = harness.Failed, causeOf(err, at)
		return e
	}
	last := c.habits.last(cn.carried + 1)
	a, sent, err := cn.exchange(seq, target, last, deadline)
	e.phases, cn.phases = cn.phases, phases{}
	if !cn.answering.IsZero() {
		e.phases.firstByte, cn.answering = cn.answering.Sub(began), time.Time{}
	}
	if err != nil || !a.reusable || last {
		_ = cn.Close()
	} else {
		pool.give(cn)
	}
	if err != nil {
		e.broken(sent, err)
	} else {
		e.answered(target, a)
	}
	return e
}

// complete writes the ending into its attempt.
func (e *ending) complete(a *harness.Attempt, target *Target, now time.Duration) {
	a.Done, a.Key, a.TLS, a.Route = now, target.Key, target.TLS, target.Route
	a.Status, a.Bytes = e.status, e.bytes
	a.Dynamic, a.Outcome, a.Cause = e.dynamic, e.outcome, e.cause
}

// broken notes an attempt that got no complete answer.
func (e *ending) broken(sent bool, err error) {
	e.cause = causeOf(err, exchanging)
	if !sent {
		e.outcome = harness.Failed
	}
}

// answered notes an answer that is complete, or that the client left within it, and
// compares it with what was expected.
func (e *ending) answered(target *Target, a answer) {
	e.status, e.bytes = a.status, a.bytes
	if a.status >= 500 && target.Dynamic && !a.php {
		// The proxy itself answered: the application may or may not have run.
		e.cause = harness.CauseStatus
		return
	}
	e.outcome, e.dynamic = harness.OK, a.php
	if target.Listed {
		if a.status >= http.StatusBadRequest {
			e.cause = harness.CauseStatus
		}
		return
	}
	switch {
	case a.status == http.StatusTooManyRequests && !a.php && target.Key != "" && target.Status != a.status:
		e.cause = harness.CauseDenied
	case !target.wants(a.status):
		e.cause = harness.CauseStatus
	case a.php != target.Dynamic:
		e.cause = harness.CauseBody
	case a.short:
		e.cause = harness.CauseAborted
	case a.bytes != target.Bytes && !target.AnyBytes:
		e.cause = harness.CauseBody
	}
}

// close ends all idle connections. Nothing may be in flight.
func (c *client) close() error {
	errs := []error{c.h2.close()}
	for _, s := range c.servers {
		errs = append(errs, s.close())
	}
	return errors.Join(errs...)
}
