package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// wrk returns wrk with one thread.
func wrk(url string, length time.Duration, more ...string) client {
	args := []string{"wrk", "-t1", "-c" + strconv.Itoa(connections), "-d" + seconds(length) + "s"}
	return client{name: "wrk", args: append(append(args, more...), url), sane: saneWrk}
}

// h2load returns h2load with one thread, over HTTP/1.1.
func h2load(url string, more ...string) client {
	args := []string{"h2load", "--h1", "-t1"}
	return client{name: "h2load --h1", args: append(append(args, more...), url), sane: saneH2load}
}

// goRival returns a client of package rival.
func (b *bench) goRival(name string, args ...string) client {
	return client{name: name, args: append([]string{b.rival}, args...)}
}

// saneWrk takes no errors.
func saneWrk(name string, out []byte) error {
	for _, bad := range []string{"Socket errors", "Non-2xx"} {
		if at := bytes.Index(out, []byte(bad)); at >= 0 {
			line, _, _ := bytes.Cut(out[at:], []byte("\n"))
			return fmt.Errorf("%s: %s", name, line)
		}
	}
	return nil
}

var h2loadBad = regexp.MustCompile(`(\d+) failed, (\d+) errored, (\d+) timeout`)

// saneH2load takes no errors.
func saneH2load(name string, out []byte) error {
	found := h2loadBad.FindSubmatch(out)
	if found == nil {
		return fmt.Errorf("%s said %q", name, out)
	}
	for _, n := range found[1:] {
		if string(n) != "0" {
			return fmt.Errorf("%s: %s", name, found[0])
		}
	}
	return nil
}
