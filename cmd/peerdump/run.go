package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime/debug"
)

// The exit codes, which are part of the interface.
const (
	exitOK     = 0
	exitUsage  = 2 // a flag is wrong
	exitCannot = 3 // a file cannot be read or is malformed, an address is busy, a peer refuses
)

// run is the program without its process.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		usage(stdout)
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(stderr, "peerdump: %v (-h lists the flags)\n", err)
		return exitUsage
	}
	if o.version {
		fmt.Fprintln(stdout, "peerdump", versionText())
		return exitOK
	}
	if err := o.dump(ctx, stdin, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "peerdump: %v\n", err)
		return exitCannot
	}
	return exitOK
}

// dump prints messages until the source ends, enough were printed, or ctx ends, and
// sums up in any case.
func (o *options) dump(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.limit > 0 {
		ctx, cancel = context.WithTimeout(ctx, o.limit)
		defer cancel()
	}
	p := newPrinter(o, stdout, stderr, cancel)
	var err error
	if o.file != "" {
		err = o.readFile(ctx, stdin, p)
	} else {
		err = o.live(ctx, p)
	}
	if err != nil && p.sum.messages == 0 {
		return err // there is nothing to sum up
	}
	return errors.Join(err, p.close())
}

func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
