package drain

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Config says where a Receiver listens and what it bears. A zero duration or limit
// means the default beside it.
type Config struct {
	// Listen holds udp://127.0.0.1:5514, tcp://…, unixgram:///run/drain.sock and
	// unix:///…, with addresses as numbers. HAProxy itself can only log to udp and
	// unixgram when it stops: its rings, and with them TCP, end at that moment
	// (src/sink.c@v3.4.0, _sink_forward_io_handler). The others are for a syslog relay.
	// Choose udp: of unixgram, Linux queues only SocketStats.Queue lines, 10 by default,
	// and HAProxy drops the others.
	Listen []string

	// TLS protects all tcp addresses. With ClientAuth RequireAndVerifyClientCert, a
	// line counts only if its source is a name in the certificate of its sender.
	TLS *tls.Config

	// Allow is who may send. Empty means the loopback, and anybody whose certificate
	// TLS has verified.
	Allow []netip.Prefix

	MaxLine     int           // bytes; 8,192
	MaxConns    int           // of tcp and unix, all together; 256
	MaxPending  int           // lines that wait to be handled; 16,384, at most 20 MiB
	LineTimeout time.Duration // for a line that has begun; 10 s
	Buffer      int           // bytes the kernel is asked to keep for each udp address; 8 MiB
}

func (c Config) withDefaults() Config {
	c.MaxLine = cmp.Or(c.MaxLine, 8<<10)
	c.MaxConns = cmp.Or(c.MaxConns, 256)
	c.MaxPending = cmp.Or(c.MaxPending, 16<<10)
	c.LineTimeout = cmp.Or(c.LineTimeout, 10*time.Second)
	c.Buffer = cmp.Or(c.Buffer, 8<<20)
	return c
}

// Validate says everything that is wrong with the configuration.
func (c Config) Validate() error {
	var errs []error
	if len(c.Listen) == 0 {
		errs = append(errs, errors.New("no address to listen on for the drain log"))
	}
	for _, n := range []int{c.MaxLine, c.MaxConns, c.MaxPending, c.Buffer, int(c.LineTimeout)} {
		if n < 0 {
			errs = append(errs, fmt.Errorf("limit %d of the drain log is negative", n))
		}
	}
	for i, text := range c.Listen {
		if err := c.checkAddress(text); err != nil {
			errs = append(errs, fmt.Errorf("drain log address %q: %w", text, err))
		}
		if slices.Contains(c.Listen[:i], text) && !strings.HasSuffix(text, ":0") {
			errs = append(errs, fmt.Errorf("drain log address %q: is there twice", text))
		}
	}
	return errors.Join(errs...)
}

func (c Config) checkAddress(text string) error {
	a, err := parseAddress(text)
	if err != nil || a.path != "" || a.IsLoopback() || len(c.Allow) > 0 {
		return err
	}
	if a.network == "tcp" && c.verifies() {
		return nil
	}
	return errors.New("not on the loopback: say who may send with Allow, or use tcp with client certificates")
}

// verifies says whether senders over tcp prove who they are.
func (c Config) verifies() bool {
	return c.TLS != nil && c.TLS.ClientAuth == tls.RequireAndVerifyClientCert
}

// allows says whether a sender at that address may send over the network.
func (c Config) allows(network string, from netip.Addr) bool {
	if len(c.Allow) == 0 {
		return from.Unmap().IsLoopback() || network == "tcp" && c.verifies()
	}
	return slices.ContainsFunc(c.Allow, func(p netip.Prefix) bool { return p.Contains(from.Unmap()) })
}

// address is where to listen: an AddrPort or a path.
type address struct {
	network string
	path    string
	netip.AddrPort
}

// IsLoopback says whether only this host reaches it.
func (a address) IsLoopback() bool { return a.Addr().Unmap().IsLoopback() }

func parseAddress(text string) (address, error) {
	network, where, _ := strings.Cut(text, "://")
	switch network {
	case "udp", "tcp":
		at, err := netip.ParseAddrPort(where)
		return address{network: network, AddrPort: at}, err
	case "unix", "unixgram":
		if !strings.HasPrefix(where, "/") {
			return address{}, fmt.Errorf("path %q is not absolute", where)
		}
		return address{network: network, path: where}, nil
	default:
		return address{}, fmt.Errorf("%q is none of udp, tcp, unixgram, unix", network)
	}
}
