package tracker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/haproof/haproof/harness/peers"
)

// Config says what a Server does. Listen, Dial or both must be given.
type Config struct {
	Name   string // our peer name, as HAProxy's configuration has it
	Table  string // name of the stick table to count, without the slash; "quota" if empty
	Listen string // address on which peers call us; empty for none
	Dial   []Remote

	// TLS protects the sessions with peers, both ways. It must demand and verify
	// certificates from clients. The name of a peer must then be in its certificate.
	TLS *tls.Config

	// Sources are the names of the peers that may call us; all of them if empty.
	Sources []string

	Keys   Keys          // of the table; GenerationKeys if empty
	Retire time.Duration // see Rules

	Store  Store       // keeps the totals; they end with the Server if nil
	Limits Limits      // may be nil
	Teach  Teacher     // may be nil
	Report func(Event) // called from several goroutines; nothing is reported if nil

	// Counter returns what counts in place of the Counts it is given; nil for those.
	Counter func(*Counts) Counter

	// Peers is the timing of the sessions; its name and limits are set by the Server.
	Peers peers.Config
}

// Teacher has something to say to peers.
type Teacher interface {
	// Teach keeps one peer informed. It returns soon after ctx ends.
	Teach(ctx context.Context, s *peers.Session)

	// Lesson tells a peer everything once: it has started with empty tables.
	Lesson(s *peers.Session) error
}

// Remote is a peer that we call.
type Remote struct {
	Name string
	Addr string
}

// Event is something that happened to the connection with a source. Counting is not
// affected by any of them: they are for logs.
type Event struct {
	Source string // empty if it is not known
	Text   string
	Err    error
}

// Validate says everything that is wrong with the configuration.
func (c Config) Validate() error {
	var errs []error
	if err := checkName(c.Name); err != nil {
		errs = append(errs, fmt.Errorf("own peer name: %w", err))
	}
	if strings.HasPrefix(c.Table, "/") {
		errs = append(errs, fmt.Errorf("table %q: give its name without the slash", c.Table))
	}
	if c.Listen == "" && len(c.Dial) == 0 {
		errs = append(errs, errors.New("no address to listen on for peers and no peer to dial"))
	}
	if err := c.rules().validate(); err != nil {
		errs = append(errs, err)
	}
	if c.Keys == PlainKeys && c.Peers.ResyncEvery < 0 {
		errs = append(errs, fmt.Errorf("%s keys: peers must be asked to repeat themselves, but resync is never", PlainKeys))
	}
	for _, name := range c.Sources {
		if err := checkName(name); err != nil {
			errs = append(errs, fmt.Errorf("peer that may call: %w", err))
		}
	}
	for _, r := range c.Dial {
		if err := checkName(r.Name); err != nil {
			errs = append(errs, fmt.Errorf("peer to dial: %w", err))
		}
	}
	return errors.Join(errs...)
}

// checkName accepts what HAProxy accepts as the name of a peer.
func checkName(name string) error {
	if name == "" || len(name) > maxName {
		return fmt.Errorf("name of %d bytes, must be 1 to %d", len(name), maxName)
	}
	for _, c := range name {
		if !strings.ContainsRune(nameChars, c) {
			return fmt.Errorf("name %q: %q is neither a letter nor a digit nor in \"-_.:\"", name, c)
		}
	}
	return nil
}

const (
	maxName   = 64 // bytes
	nameChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:"
)

func (c Config) rules() Rules { return Rules{Keys: c.Keys, Retire: c.Retire} }

// table is the name without its default.
func (c Config) table() string {
	if c.Table == "" {
		return "quota"
	}
	return c.Table
}
