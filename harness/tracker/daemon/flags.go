package daemon

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"

	"github.com/haproof/haproof/harness/tracker"
)

// flags is what the command line said.
type flags struct {
	config        tracker.Config
	cert, key, ca string
	log           string
	version       bool
}

// errVersion says that the program was only asked for its version.
var errVersion = errors.New("version asked")

// parse reads the command line and checks all of it that can be checked without
// touching files or addresses.
func (c Command) parse(args []string, stderr io.Writer) (*flags, error) {
	f := &flags{}
	set := flag.NewFlagSet(c.Name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	f.declare(set)
	if c.Flags != nil {
		c.Flags(set)
	}
	err := set.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		set.SetOutput(stderr)
		fmt.Fprintf(stderr, "usage of %s:\n", c.Name)
		set.PrintDefaults()
	}
	if err != nil {
		return nil, err
	}
	if f.version {
		return nil, errVersion
	}
	if set.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", set.Arg(0))
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	f.config.Counter, err = c.Counter()
	return f, err
}

func (f *flags) declare(set *flag.FlagSet) {
	set.StringVar(&f.config.Name, "name", "tracker", "our own `peer name`, as HAProxy's configuration has it")
	set.StringVar(&f.config.Table, "table", "quota", "`name` of the stick table to count, declared in HAProxy's peers section")
	set.StringVar(&f.config.Listen, "peers", "", "`address` on which HAProxies call us")
	set.Func("dial", "call an HAProxy: its peer `name=address`; may be repeated", f.addRemote)
	set.StringVar(&f.config.HTTP, "http", "", "`address` of the HTTP API; it has no authentication, keep it on the loopback or a private network")
	set.StringVar(&f.cert, "cert", "", "our certificate, a PEM `file`; with -key and -ca peers must use mutual TLS")
	set.StringVar(&f.key, "key", "", "our private key, a PEM `file`")
	set.StringVar(&f.ca, "ca", "", "the authorities that sign peers' certificates, a PEM `file`")
	set.BoolVar(&f.version, "version", false, "print the version and exit")
	set.StringVar(&f.log, "log", "text", "`format` of the log on standard error: text or json")
}

func (f *flags) addRemote(s string) error {
	name, addr, ok := strings.Cut(s, "=")
	if !ok {
		return errors.New("want name=address")
	}
	if err := checkAddr(addr); err != nil {
		return err
	}
	f.config.Dial = append(f.config.Dial, tracker.Remote{Name: name, Addr: addr})
	return nil
}

func (f *flags) check() error {
	var errs []error
	for _, a := range []struct{ flag, addr string }{{"peers", f.config.Listen}, {"http", f.config.HTTP}} {
		if a.addr == "" {
			continue
		}
		if err := checkAddr(a.addr); err != nil {
			errs = append(errs, fmt.Errorf("-%s: %w", a.flag, err))
		}
	}
	given := 0
	for _, file := range []string{f.cert, f.key, f.ca} {
		if file != "" {
			given++
		}
	}
	if given != 0 && given != 3 {
		errs = append(errs, errors.New("-cert, -key and -ca: give all three or none"))
	}
	if f.log != "text" && f.log != "json" {
		errs = append(errs, fmt.Errorf("-log %q: want text or json", f.log))
	}
	if f.config.Table == "" {
		errs = append(errs, errors.New("-table: must not be empty"))
	}
	return errors.Join(append(errs, f.config.Validate())...)
}

func checkAddr(addr string) error {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return fmt.Errorf("address %q: want host:port", addr)
	}
	return nil
}

func (f *flags) logger(w io.Writer) *slog.Logger {
	if f.log == "json" {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}
