package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/haproof/haproof/harness/peers"
	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/api"
	"github.com/haproof/haproof/harness/tracker/drain"
	"github.com/haproof/haproof/harness/tracker/enforce"
	"github.com/haproof/haproof/harness/tracker/plan"
	"github.com/haproof/haproof/harness/tracker/store"
	"github.com/haproof/haproof/harness/tracker/webhook"
)

// daemon is everything that serving takes. Parts that are not configured are nil.
type daemon struct {
	settings Settings
	env      Environment
	log      *slog.Logger
	version  string
	counter  Counter
	keeper   func(tracker.Store) tracker.Store // nil for the store itself

	certificates certificates
	store        *store.Store
	server       *tracker.Server
	enforcer     *enforce.Enforcer
	sender       *webhook.Sender
	drain        *drain.Receiver
	metrics      *api.Metrics
	api          *api.API
	http         net.Listener
}

// check says everything that is wrong with the configuration.
func (d *daemon) check() error {
	errs := []error{d.settings.Validate(d.env)}
	cfg := d.trackerConfig()
	errs = append(errs, cfg.Validate())
	if d.settings.HTTP.Listen != "" {
		secure := api.Config{Tokens: d.env.Tokens}
		if !d.settings.HTTP.TLS.empty() {
			secure.TLS = noTLS
		}
		if err := secure.Validate(d.settings.HTTP.Listen); err != nil {
			errs = append(errs, fmt.Errorf("http.listen: %w", err))
		}
	}
	if s := d.settings.Drain; len(s.Listen) > 0 {
		cfg := s.config()
		if s.TLS.CA != "" {
			cfg.TLS = mutualTLS
		}
		errs = append(errs, cfg.Validate())
	}
	if len(d.settings.Limits.Plans) > 0 {
		if err := d.enforceConfig().Table.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("limits: %w", err))
		}
	}
	return errors.Join(errs...)
}

// open opens files and addresses. After an error close must be called as well.
func (d *daemon) open(ctx context.Context) error {
	for _, part := range []func(context.Context) error{d.openStore, d.openServer, d.openDrain, d.openWebhook, d.openHTTP} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// close closes what run does not.
func (d *daemon) close() error {
	var errs []error
	if d.http != nil {
		errs = append(errs, ignoreClosed(d.http.Close()))
	}
	if d.drain != nil {
		errs = append(errs, ignoreClosed(d.drain.Close()))
	}
	if d.server != nil {
		errs = append(errs, ignoreClosed(d.server.Close()))
	}
	if d.store != nil {
		errs = append(errs, d.store.Close())
	}
	return errors.Join(errs...)
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (d *daemon) openStore(ctx context.Context) (err error) {
	s := d.settings
	if s.Store.URL == storeNone {
		return nil
	}
	d.store, err = store.Open(ctx, s.Store.URL, d.storeOptions())
	return err
}

func (d *daemon) storeOptions() store.Options {
	s := d.settings
	return store.Options{Table: s.Table, Keys: s.Keys, Retention: time.Duration(s.Store.Retention), SecretURL: s.Store.URL == d.env.Store, Report: d.folds}
}

// folds logs that what was committed cannot be sorted in, and that it can again.
func (d *daemon) folds(err error) {
	if err != nil {
		d.log.Error("the journal of the store cannot be sorted in; it grows", "error", err)
		return
	}
	d.log.Info("the journal of the store is sorted in again")
}

func (d *daemon) trackerConfig() tracker.Config {
	s := d.settings
	cfg := tracker.Config{
		Name: s.Name, Table: s.Table, Listen: s.Peers.Listen, Sources: s.Peers.Allow,
		Keys: tracker.Keys(s.Keys), Retire: orNever(s.Peers.Retire),
		Counter: d.counter, Report: newEvents(d.log).add,
		Peers: peers.Config{ResyncEvery: orNever(s.Peers.Resync)},
	}
	for _, r := range s.Peers.Dial {
		cfg.Dial = append(cfg.Dial, tracker.Remote{Name: r.Name, Addr: r.Address})
	}
	return cfg
}

// orNever converts a span of which 0 means never.
func orNever(s Span) time.Duration {
	if s == 0 {
		return -1
	}
	return time.Duration(s)
}

func (d *daemon) openServer(ctx context.Context) (err error) {
	cfg := d.trackerConfig()
	if cfg.TLS, err = d.certificates.read(d.settings.Peers.TLS); err != nil {
		return err
	}
	d.metrics = api.NewMetrics()
	if d.store != nil {
		cfg.Store = d.metrics.Watch(&loggedStore{Store: d.store, log: d.log})
		if d.keeper != nil {
			cfg.Store = d.keeper(cfg.Store)
		}
	}
	if l := d.settings.Limits; len(l.Plans) > 0 {
		if d.enforcer, err = enforce.New(d.enforceConfig()); err != nil {
			return err
		}
		cfg.Limits, cfg.Teach = d.enforcer, d.enforcer
	}
	if d.server, err = tracker.New(ctx, cfg); err != nil {
		return err
	}
	if d.enforcer != nil {
		return d.enforcer.Restore(ctx, d.server.Names())
	}
	return nil
}

func (d *daemon) enforceConfig() enforce.Config {
	l := d.settings.Limits
	return enforce.Config{
		Plans: l.set(), Store: d.store,
		Table:   enforce.Table{Name: l.Table, Length: l.Length, Refresh: time.Duration(l.Refresh)},
		Crossed: d.crossed,
		Report: func(source string, err error) {
			d.log.Warn("peer is not taught whom to deny", "source", source, "error", err)
		},
	}
}

// crossed tells whoever wants to know.
func (d *daemon) crossed(crossings []plan.Crossing) {
	for _, c := range crossings {
		d.log.Info("limit crossed", "customer", tracker.InText(c.Customer), "plan", c.Plan, "period", c.Period, "percent", c.Percent, "used", c.Used)
		d.api.Crossed(c)
	}
	if d.sender != nil {
		d.sender.Notify()
	}
}

func (d *daemon) openDrain(ctx context.Context) (err error) {
	s := d.settings.Drain
	if len(s.Listen) == 0 {
		return nil
	}
	cfg := s.config()
	if cfg.TLS, err = d.certificates.read(s.TLS); err != nil {
		return err
	}
	d.drain, err = drain.New(ctx, cfg)
	return err
}

// config has no certificates yet.
func (s DrainSettings) config() drain.Config {
	cfg := drain.Config{Listen: s.Listen}
	for _, network := range s.Allow {
		if p, err := netip.ParsePrefix(network); err == nil { // Validate complains of the others
			cfg.Allow = append(cfg.Allow, p)
		}
	}
	return cfg
}

// drained counts lines of the log of stopping processes. Lines that could not be
// stored are lost when ctx ends.
func (d *daemon) drained(ctx context.Context) func([]drain.Line) error {
	return func(lines []drain.Line) error { return d.server.Drain(ctx, lines) }
}

func (d *daemon) openHTTP(ctx context.Context) (err error) {
	s := d.settings.HTTP
	cfg := api.Config{Tokens: d.env.Tokens, Hosts: s.Hosts, Pprof: s.Pprof, Version: d.version, Metrics: d.metrics}
	if cfg.TLS, err = d.certificates.read(s.TLS); err != nil {
		return err
	}
	if d.enforcer != nil {
		cfg.Limits = d.enforcer
	}
	if d.sender != nil {
		cfg.Webhook = d.deliveries
	}
	if d.store != nil {
		cfg.Journal = d.journal
	}
	if d.drain != nil {
		cfg.Drain = d.drainLog
	}
	d.api = api.New(d.server, cfg)
	if d.http, err = listen(ctx, s.Listen); err != nil {
		return fmt.Errorf("listen for HTTP: %w", err)
	}
	return nil
}

// sizePatience is how long the store may take to say how large it is.
const sizePatience = time.Second

// journal tells the API how far the store is.
func (d *daemon) journal() api.Journal {
	ctx, cancel := context.WithTimeout(context.Background(), sizePatience)
	defer cancel()
	s := d.store.Stats()
	size, err := d.store.Size(ctx)
	if err != nil {
		size = -1
	}
	return api.Journal{Rows: s.Rows, Folded: s.Folded, FoldErr: s.FoldErr, Bytes: size}
}

// drainLog tells the API what became of the log of stopping processes on its way.
func (d *daemon) drainLog() api.DrainLog {
	s := d.drain.Stats()
	l := api.DrainLog{Malformed: s.Malformed + s.TooLong, TurnedAway: s.Untrusted + s.Forbidden + s.TurnedOff + s.Broken, Lines: s.Pending + s.Handled}
	for _, socket := range s.Sockets {
		l.Lost += socket.Lost
		l.Bytes += socket.Waiting
	}
	return l
}
