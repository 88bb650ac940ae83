package daemon

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/haproof/haproof/harness/tracker/plan"
	"github.com/haproof/haproof/harness/tracker/webhook"
)

// Validate says everything that is wrong with the settings themselves, without
// touching files or addresses.
func (s Settings) Validate(env Environment) error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if s.Table == "" {
		bad("table: must not be empty")
	}
	if s.Keys != keysGeneration && s.Keys != keysPlain {
		bad("keys %q: want %s or %s", s.Keys, keysGeneration, keysPlain)
	}
	if s.Store.URL == "" {
		bad("store.url: must not be empty; none keeps totals in memory only")
	}
	if s.Peers.Resync > 0 && s.Peers.Resync < Span(time.Second) {
		bad("peers.resync %v: want at least 1s, or 0 for never", time.Duration(s.Peers.Resync))
	}
	errs = append(errs, s.checkAddresses()...)
	errs = append(errs, s.checkTLS()...)
	errs = append(errs, s.checkLimits(env)...)
	for _, network := range s.Drain.Allow {
		if _, err := netip.ParsePrefix(network); err != nil {
			bad("drain.allow %q: want a network such as 10.0.0.0/8", network)
		}
	}
	if s.Log.Format != "text" && s.Log.Format != "json" {
		bad("log.format %q: want text or json", s.Log.Format)
	}
	if _, err := s.Log.level(); err != nil {
		bad("log.level %q: want debug, info, warn or error", s.Log.Level)
	}
	return errors.Join(errs...)
}

// checkAddresses wants addresses that can be opened and called, and nobody to be called
// twice. Those of the drain log are its own.
func (s Settings) checkAddresses() (errs []error) {
	check := func(where, addr string) {
		if err := checkAddr(addr); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", where, err))
		}
	}
	if s.Peers.Listen != "" {
		check("peers.listen", s.Peers.Listen)
	}
	if s.HTTP.Listen != "" && !strings.HasPrefix(s.HTTP.Listen, "unix:") {
		check("http.listen", s.HTTP.Listen)
	}
	if s.Peers.Listen != "" && s.Peers.Listen == s.HTTP.Listen && !strings.HasSuffix(s.HTTP.Listen, ":0") {
		errs = append(errs, fmt.Errorf("http.listen %q: that is peers.listen", s.HTTP.Listen))
	}
	called := make(map[string]bool)
	for _, r := range s.Peers.Dial {
		check("peers.dial", r.Address)
		if called[r.Name] {
			errs = append(errs, fmt.Errorf("peers.dial: %q is there twice", r.Name))
		}
		called[r.Name] = true
	}
	return errs
}

// checkAddr wants a host, which may be empty, and a port that exists.
func checkAddr(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil || port == "" {
		return fmt.Errorf("address %q: want host:port", addr)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return fmt.Errorf("address %q: there is no port %q", addr, port)
	}
	return nil
}

// checkTLS wants certificates complete. Of peers we ask for theirs, so authorities
// are needed; of those who ask the API we do not.
func (s Settings) checkTLS() (errs []error) {
	if t := s.Peers.TLS; !t.empty() && (t.Cert == "" || t.Key == "" || t.CA == "") {
		errs = append(errs, errors.New("peers.tls (-cert, -key, -ca): give all three or none"))
	}
	for where, t := range map[string]TLSSettings{"http.tls": s.HTTP.TLS, "drain.tls": s.Drain.TLS} {
		if !t.empty() && (t.Cert == "" || t.Key == "") {
			errs = append(errs, fmt.Errorf("%s: give both cert and key", where))
		}
	}
	return errs
}

func (t TLSSettings) empty() bool { return t == TLSSettings{} }

func (s Settings) checkLimits(env Environment) (errs []error) {
	limited := len(s.Limits.Plans) > 0
	if err := s.Limits.set().Validate(); err != nil {
		errs = append(errs, fmt.Errorf("limits: %w", err))
	}
	if limited && s.Store.URL == storeNone {
		errs = append(errs, errors.New("limits need a store: what was used is read from it at the start"))
	}
	if kept, longest := time.Duration(s.Store.Retention), s.Limits.longest(); kept > 0 && kept < longest {
		errs = append(errs, fmt.Errorf("store.retention %v: limits need at least %v: after a restart what was used is read from the store", kept, longest))
	}
	if s.Limits.Table != "" && s.Limits.Table == s.Table {
		errs = append(errs, fmt.Errorf("limits.table %q: must not be the table that is counted", s.Limits.Table))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Limits.Plans)) {
		if s.Limits.Plans[name].Deny && s.Limits.Table == "" {
			errs = append(errs, fmt.Errorf("plan %q denies, but limits.table does not say in which table of HAProxy", name))
		}
	}
	if s.Webhook.URL == "" {
		return errs
	}
	hook := webhook.Config{URL: s.Webhook.URL, Secret: []byte(env.Secret), Outbox: outbox{}}
	if err := hook.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("webhook: %w", err))
	}
	if !limited {
		errs = append(errs, errors.New("webhook.url: nothing to tell without limits.plans"))
	}
	if env.Secret == "" {
		errs = append(errs, errors.New("webhook.url: QUOTA_TRACKER_WEBHOOK_SECRET must be set in the environment, to sign with"))
	}
	return errs
}

// set converts the plans.
func (l LimitSettings) set() plan.Set {
	set := plan.Set{Assigned: l.Customers, Default: l.Default}
	for _, name := range slices.Sorted(maps.Keys(l.Plans)) {
		p := l.Plans[name]
		set.Plans = append(set.Plans, plan.Plan{Name: name, Limits: p.limits(), Warn: p.Warn, Deny: p.Deny})
	}
	return set
}

// longest is the longest time that usage of a period with a limit goes back by the hour.
func (l LimitSettings) longest() (longest time.Duration) {
	for _, p := range l.Plans {
		switch {
		case p.Month > 0:
			return 31 * day
		case p.Day > 0:
			longest = day
		}
	}
	return longest
}

func (p PlanSettings) limits() (limits []plan.Limit) {
	for _, l := range []plan.Limit{{Period: plan.Hour, Max: uint64(p.Hour)}, {Period: plan.Day, Max: uint64(p.Day)}, {Period: plan.Month, Max: uint64(p.Month)}, {Period: plan.Total, Max: uint64(p.Total)}} {
		if l.Max > 0 {
			limits = append(limits, l)
		}
	}
	return limits
}

func (l LogSettings) level() (level slog.Level, err error) {
	err = level.UnmarshalText([]byte(strings.ToLower(l.Level)))
	return level, err
}
