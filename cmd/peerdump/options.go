package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// options is what the command line says.
type options struct {
	file         string // "-" for standard input; empty for a live session
	listen       string
	peer, dial   string // name and address of the peer to call
	name         string
	json, ack    bool
	count        uint64
	limit        time.Duration
	write        string
	cert, key    string
	ca           string
	old, version bool
}

func (o *options) declare(set *flag.FlagSet) {
	set.StringVar(&o.listen, "listen", "", "live: `address` on which a peer calls us")
	set.Func("dial", "live: call a peer, `name=address`", func(s string) error {
		var ok bool
		if o.peer, o.dial, ok = strings.Cut(s, "="); !ok || o.peer == "" {
			return errors.New("want name=address")
		}
		return checkAddr(o.dial)
	})
	set.StringVar(&o.name, "name", "peerdump", "live: our own peer `name`, as HAProxy's configuration has it")
	set.BoolVar(&o.ack, "ack", false, "live: acknowledge updates; the peer will not send them again by itself to anyone of our name")
	set.BoolVar(&o.old, "20", false, "live: say version 2.0 when calling")
	set.StringVar(&o.write, "write", "", "live: record what the peer sends into a new `file`; of the second connection into file-2, and so on")
	set.BoolVar(&o.json, "json", false, "print one JSON object per line")
	set.Uint64Var(&o.count, "count", 0, "end after that `number` of messages; 0 for no limit")
	set.DurationVar(&o.limit, "for", 0, "end after this `time`; 0 for no limit")
	set.StringVar(&o.cert, "cert", "", "live: our certificate, a PEM `file`; with -key and -ca both sides must show one")
	set.StringVar(&o.key, "key", "", "live: our private key, a PEM `file`")
	set.StringVar(&o.ca, "ca", "", "live: the authorities that sign peers' certificates, a PEM `file`")
	set.BoolVar(&o.version, "version", false, "print the version and exit")
}

func parse(args []string) (*options, error) {
	o := &options{}
	set := flag.NewFlagSet("peerdump", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	o.declare(set)
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if o.version {
		return o, nil
	}
	if set.NArg() > 1 {
		return nil, fmt.Errorf("one file at a time, got %q", set.Args())
	}
	o.file = set.Arg(0)
	return o, o.check()
}

func (o *options) check() error {
	sources := 0
	for _, source := range []string{o.file, o.listen, o.dial} {
		if source != "" {
			sources++
		}
	}
	secrets := 0
	for _, file := range []string{o.cert, o.key, o.ca} {
		if file != "" {
			secrets++
		}
	}
	switch {
	case sources != 1:
		return errors.New("want one of: a file or - for standard input, -listen, -dial")
	case o.name == "" || strings.ContainsAny(o.name, " \t\r\n"):
		return fmt.Errorf("-name %q: must be a word", o.name)
	case o.limit < 0:
		return fmt.Errorf("-for %v: must not be negative", o.limit)
	case secrets != 0 && secrets != 3:
		return errors.New("-cert, -key and -ca: give all three or none")
	case o.file != "" && (secrets > 0 || o.ack || o.old || o.write != ""):
		return errors.New("-cert, -key, -ca, -ack, -20 and -write are for live sessions")
	case o.listen != "":
		if err := checkAddr(o.listen); err != nil {
			return fmt.Errorf("-listen: %w", err)
		}
	}
	return nil
}

func checkAddr(addr string) error {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return fmt.Errorf("address %q: want host:port", addr)
	}
	return nil
}

func usage(w io.Writer) {
	fmt.Fprint(w, `usage: peerdump [flags] FILE   prints a recorded stream, - for standard input
       peerdump -listen ADDRESS   waits for peers to call
       peerdump -dial NAME=ADDRESS

Exit codes: 0 done, 2 a flag is wrong, 3 could not.

`)
	set := flag.NewFlagSet("peerdump", flag.ContinueOnError)
	set.SetOutput(w)
	new(options).declare(set)
	set.PrintDefaults()
}
