package tracker

import (
	"fmt"
	"time"
)

// Keys says what the keys of HAProxy's table are made of.
type Keys string

// The styles of keys.
const (
	// GenerationKeys are written customer|generation and split at the last bar. The
	// generation is set when a process of HAProxy starts, so each key has one owner
	// and its counter only grows: reloads lose nothing. This is the default.
	GenerationKeys Keys = "generation"

	// PlainKeys are customers. A process shares them with the one before it, and
	// HAProxy overwrites what one of them counted by what the other did. What is
	// counted is never too much; what it may miss is said at Counts.
	PlainKeys Keys = "plain"
)

// DefaultRetire is how long nothing must have grown in the generation of a dead
// process before its entries are summed up: as long as a peer may be cut off from
// the tracker and still deliver.
const DefaultRetire = 48 * time.Hour

// Rules are the choices that Counts leaves open. The zero value holds the defaults.
type Rules struct {
	Keys   Keys          // GenerationKeys if empty
	Retire time.Duration // DefaultRetire if zero, never if negative
}

func (r Rules) validate() error {
	switch r.Keys {
	case "", GenerationKeys, PlainKeys:
		return nil
	default:
		return fmt.Errorf("keys %q: must be %s or %s", r.Keys, GenerationKeys, PlainKeys)
	}
}

func (r Rules) withDefaults() Rules {
	if r.Keys == "" {
		r.Keys = GenerationKeys
	}
	if r.Retire == 0 {
		r.Retire = DefaultRetire
	}
	return r
}
