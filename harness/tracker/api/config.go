package api

import (
	"crypto/tls"
	"errors"
	"fmt"
	"iter"
	"net"
	"strings"
	"time"

	"github.com/haproof/haproof/harness/tracker/plan"
)

// Config says how an API answers and whom. Its zero value answers everybody who
// reaches it, which Validate allows on the loopback only.
type Config struct {
	TLS    *tls.Config // nil for plain HTTP
	Tokens []string    // any of them opens everything but /healthz and /readyz; none asks for none
	Hosts  []string    // names by which the API may be called, besides addresses and localhost; for want of tokens
	Pprof  bool        // serve /debug/pprof/

	// Tick is the time between two looks at the totals, from which rates and events
	// come; 1 s if zero. With millions of customers it is longer, so that the look
	// takes 1 % of the time.
	Tick time.Duration

	Version string          // of the program, for /metrics
	Metrics *Metrics        // nil for new ones
	Limits  Limits          // nil if no customer has a plan
	Webhook func() Webhook  // nil if there is none
	Journal func() Journal  // nil if the store has none
	Drain   func() DrainLog // nil if nobody listens for one
}

// Limits tells how customers stand with their plans. Its methods are called by any
// goroutine, at any time.
type Limits interface {
	// State returns how a customer stands; false if it has no plan.
	State(customer string) (plan.State, bool)

	// States visits every customer that State knows, in the order of their names.
	States() iter.Seq[plan.State]
}

// Webhook is how the delivery of messages fares.
type Webhook struct {
	Delivered uint64    // messages, since the program started
	Failed    uint64    // attempts, since the program started
	Failing   int       // messages that have failed and wait
	Oldest    time.Time // when the message that waits longest was made; zero if none waits
}

// DrainLog is what happened to the log of stopping processes on its way.
type DrainLog struct {
	Malformed  uint64 // lines with a record that is not right, or too long
	TurnedAway uint64 // datagrams, connections and lines of those who may not send
	Lost       uint64 // datagrams for which the kernel had no room
	Bytes      int    // that the kernel keeps, as nobody has read them yet
	Lines      int    // that have been read and are not durable yet
}

// Journal is how far the store is with its housekeeping.
type Journal struct {
	Rows    int       // commits that are durable but not sorted in yet
	Folded  time.Time // when it last sorted in; zero for never
	FoldErr error     // why it could not, nil if it could
	Bytes   int64     // that it takes on disk; -1 if it does not say
}

const (
	minToken  = 16 // bytes
	maxTokens = 100
)

// Validate says everything that is wrong with serving on an address: host:port, or
// unix:/path. Elsewhere than on the loopback or a unix socket it demands TLS and a
// token.
func (c Config) Validate(addr string) error {
	var errs []error
	if len(c.Tokens) > maxTokens {
		errs = append(errs, fmt.Errorf("%d tokens, at most %d", len(c.Tokens), maxTokens))
	}
	for i, t := range c.Tokens {
		if len(t) < minToken {
			errs = append(errs, fmt.Errorf("token %d has %d bytes, want at least %d", i+1, len(t), minToken))
		}
	}
	if c.Tick < 0 {
		errs = append(errs, fmt.Errorf("tick %v is negative", c.Tick))
	}
	local, err := isLocal(addr)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	if !local && (c.TLS == nil || len(c.Tokens) == 0) {
		errs = append(errs, fmt.Errorf("address %q can be reached by others: it needs TLS and a token", addr))
	}
	return errors.Join(errs...)
}

// isLocal says whether only this machine can reach an address.
func isLocal(addr string) (bool, error) {
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		if path == "" {
			return false, fmt.Errorf("address %q: want unix:/path", addr)
		}
		return true, nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false, fmt.Errorf("address %q: want host:port or unix:/path", addr)
	}
	return isLoopback(host), nil
}

// isLoopback says whether a host is an address of the loopback, or localhost.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
