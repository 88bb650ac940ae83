package daemon

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// errVersion says that the program was only asked for its version.
var errVersion = errors.New("version asked")

// flags are what the command line said. Each sets something in Settings, after the
// file was read.
type flags struct {
	set     *flag.FlagSet
	file    string
	check   bool
	version bool
	apply   []func(*Settings)
}

func newFlags(name string) *flags {
	f := &flags{set: flag.NewFlagSet(name, flag.ContinueOnError)}
	f.set.SetOutput(io.Discard)
	f.set.StringVar(&f.file, "config", "", "configuration `file`; flags override it")
	f.set.BoolVar(&f.version, "version", false, "print the version and exit")
	return f
}

// declareServe adds what the serving command takes.
func (f *flags) declareServe() {
	f.set.BoolVar(&f.check, "check", false, "check the configuration and exit")
	f.text("name", "our own `peer name`, as HAProxy's configuration has it (default tracker)", func(s *Settings) *string { return &s.Name })
	f.text("table", "`name` of the stick table to count, declared in HAProxy's peers section (default quota)", func(s *Settings) *string { return &s.Table })
	f.text("keys", "`style` of its keys: generation (customer|generation) or plain (default generation)", func(s *Settings) *string { return &s.Keys })
	f.address("peers", "`address` on which HAProxies call us", func(s *Settings) *string { return &s.Peers.Listen })
	f.set.Func("dial", "call an HAProxy: its peer `name=address`; may be repeated", f.dial)
	f.text("http", "`address` of the API, or unix:/path; elsewhere than on the loopback it needs TLS and a token", func(s *Settings) *string { return &s.HTTP.Listen })
	f.text("http-cert", "certificate of the API, a PEM `file`; with -http-key it is HTTPS", func(s *Settings) *string { return &s.HTTP.TLS.Cert })
	f.text("http-key", "private key of the API, a PEM `file`", func(s *Settings) *string { return &s.HTTP.TLS.Key })
	f.text("cert", "our certificate, a PEM `file`; with -key and -ca peers must use mutual TLS", func(s *Settings) *string { return &s.Peers.TLS.Cert })
	f.text("key", "our private key, a PEM `file`", func(s *Settings) *string { return &s.Peers.TLS.Key })
	f.text("ca", "the authorities that sign peers' certificates, a PEM `file`", func(s *Settings) *string { return &s.Peers.TLS.CA })
	f.text("log", "`format` of the log on standard error: text or json (default text)", func(s *Settings) *string { return &s.Log.Format })
	f.declareStore()
}

// declareStore adds what every command takes that reads the store.
func (f *flags) declareStore() {
	f.text("store", "where totals are kept: a `file` for SQLite, postgres://… or none (default quota-tracker.db)", func(s *Settings) *string { return &s.Store.URL })
}

func (f *flags) text(name, usage string, field func(*Settings) *string) {
	f.set.Func(name, usage, func(value string) error {
		f.apply = append(f.apply, func(s *Settings) { *field(s) = value })
		return nil
	})
}

func (f *flags) address(name, usage string, field func(*Settings) *string) {
	f.set.Func(name, usage, func(value string) error {
		f.apply = append(f.apply, func(s *Settings) { *field(s) = value })
		return checkAddr(value)
	})
}

func (f *flags) dial(value string) error {
	name, addr, ok := strings.Cut(value, "=")
	if !ok {
		return errors.New("want name=address")
	}
	f.apply = append(f.apply, func(s *Settings) { s.Peers.Dial = append(s.Peers.Dial, RemoteSettings{name, addr}) })
	return checkAddr(addr)
}

// parse reads the command line. Where it is asked for help it prints that.
func (f *flags) parse(args []string, stderr io.Writer) error {
	err := f.set.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		f.set.SetOutput(stderr)
		fmt.Fprintf(stderr, "usage of %s:\n", f.set.Name())
		f.set.PrintDefaults()
		return err
	case err != nil:
		return err
	case f.version:
		return errVersion
	case f.set.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", f.set.Arg(0))
	}
	return nil
}

// settings are the defaults, the file and the flags, in that order. The environment
// may give the store a URL that has a password in it.
func (f *flags) settings(env Environment) (Settings, error) {
	s := DefaultSettings()
	if f.file != "" {
		if err := ReadSettings(f.file, &s); err != nil {
			return Settings{}, err
		}
	}
	if env.Store != "" {
		s.Store.URL = env.Store
	}
	for _, apply := range f.apply {
		apply(&s)
	}
	return s, nil
}
