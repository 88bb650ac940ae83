package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/haproof/haproof/harness/tracker"
)

// serve is the command without a name: it counts until ctx ends.
func (c Command) serve(ctx context.Context, args []string, stderr io.Writer) error {
	f := newFlags(c.Name)
	f.declareServe()
	if c.Flags != nil {
		c.Flags(f.set)
	}
	if err := f.parse(args, stderr); err != nil {
		return usageError{err}
	}
	env := ReadEnvironment()
	settings, err := f.settings(env)
	if err != nil {
		return usageError{err}
	}
	d := &daemon{settings: settings, env: env, log: settings.Log.logger(stderr), version: c.version(), keeper: c.Store}
	if err := d.check(); err != nil {
		return usageError{err}
	}
	if c.Counter != nil {
		if d.counter, err = c.Counter(); err != nil {
			return usageError{err}
		}
	}
	if f.check {
		fmt.Fprintln(c.Stdout, "the configuration is valid")
		return nil
	}
	if err := d.open(ctx); err != nil {
		if ctx.Err() != nil {
			err = nil // told to stop before it had begun
		}
		return errors.Join(err, d.close())
	}
	d.greet()
	if c.Ready != nil {
		c.Ready(fmt.Sprint(d.server.PeersAddr()), fmt.Sprint(d.httpAddr()))
	}
	err = d.run(ctx, c.Reload, f)
	totals, _ := d.server.TotalsNow(tracker.Totals{})
	d.log.Info("stopped", "total", totals.Total)
	return errors.Join(err, d.close())
}

// greet logs what has been opened, and what an operator may not have meant.
func (d *daemon) greet() {
	s := d.settings
	if s.Peers.TLS.empty() {
		d.log.Warn("peers are not authenticated: no certificate, key and authorities are set")
	}
	if s.Store.URL == storeNone {
		d.log.Warn("totals are in memory only and end with this process: no store is set")
	}
	totals, _ := d.server.TotalsNow(tracker.Totals{})
	d.log.Info("started", "name", s.Name, "table", s.Table, "keys", s.Keys, "peers", d.server.PeersAddr(),
		"http", d.httpAddr(), "total", totals.Total, "customers", len(totals.Names))
}

// run serves until ctx ends or a part breaks.
func (d *daemon) run(ctx context.Context, reload <-chan os.Signal, f *flags) error {
	counting, stop := context.WithCancel(context.WithoutCancel(ctx)) // the server outlives those who hand it lines
	defer stop()
	group, inner := errgroup.WithContext(ctx)
	lines, lose := lasting(inner, lastLines)
	defer lose()
	served := make(chan error, 1)
	go func() { served <- d.server.Run(counting) }()
	if d.drain != nil {
		group.Go(func() error { return d.drain.Run(inner, d.drained(lines)) })
	}
	if d.http != nil {
		group.Go(func() error { return d.api.Serve(inner, d.http) })
	}
	if d.enforcer != nil {
		group.Go(func() error { d.enforcer.Run(inner); return nil })
	}
	if d.sender != nil {
		group.Go(func() error { d.sender.Run(inner); return nil })
	}
	group.Go(func() error { d.reloads(inner, reload, f); return nil })
	group.Go(func() error {
		select {
		case err := <-served:
			served <- nil
			return err // it has broken: end the others
		case <-inner.Done():
			return nil
		}
	})
	err := group.Wait()
	stop()
	return errors.Join(err, <-served)
}

// lastLines is how long the last lines of the log may take to be stored. A store that is
// away must not keep the daemon from stopping.
const lastLines = 3 * time.Second

// lasting returns a context that ends some time after ctx.
func lasting(ctx context.Context, more time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(more, cancel) })
	return longer, func() {
		stop()
		cancel()
	}
}

// reloads reads plans and certificates again with each signal.
func (d *daemon) reloads(ctx context.Context, signals <-chan os.Signal, f *flags) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
			if err := d.reload(ctx, f); err != nil {
				d.log.Error("not all was read again; what could not be stays as it was", "error", err)
				continue
			}
			d.log.Info("plans and certificates were read again")
		}
	}
}

func (d *daemon) reload(ctx context.Context, f *flags) error {
	errs := []error{d.certificates.reload()}
	next, err := f.settings(d.env)
	if err == nil {
		err = next.Validate(d.env)
	}
	if err == nil {
		if err = d.withPlans(next.Limits).Validate(d.env); err != nil {
			err = fmt.Errorf("these plans need a restart: %w", err)
		}
	}
	if err == nil {
		err = d.replacePlans(ctx, next.Limits)
	}
	return errors.Join(append(errs, err)...)
}

// withPlans are the settings that run, with the plans of others: it is these that the
// plans must fit to.
func (d *daemon) withPlans(l LimitSettings) Settings {
	s := d.settings
	s.Limits.Plans, s.Limits.Default, s.Limits.Customers = l.Plans, l.Default, l.Customers
	return s
}

// replacePlans puts new plans in force. A daemon that was started without plans
// needs to be started again.
func (d *daemon) replacePlans(ctx context.Context, l LimitSettings) error {
	if d.enforcer == nil {
		if len(l.Plans) > 0 {
			return errors.New("limits: there were none when this process was started: restart it")
		}
		return nil
	}
	return d.enforcer.Replace(ctx, l.set(), d.server.CommitSoon)
}

// listen opens host:port or unix:/path, and nothing for no address.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	if addr == "" {
		return nil, nil
	}
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		if err := removeStale(ctx, path); err != nil {
			return nil, err
		}
		return new(net.ListenConfig).Listen(ctx, "unix", path)
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", addr)
}

// removeStale removes the socket that a process left that was killed: nobody listens
// there any more.
func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != os.ModeSocket {
		return nil // Listen says what is wrong, if anything is
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err == nil {
		return errors.Join(fmt.Errorf("%s: another process listens there", path), conn.Close())
	}
	return os.Remove(path)
}

func (d *daemon) httpAddr() net.Addr {
	if d.http == nil {
		return nil
	}
	return d.http.Addr()
}
