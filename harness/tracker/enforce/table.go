package enforce

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/haproof/haproof/harness/peers"
)

// Table is HAProxy's table in which we deny customers: their gpt0 is 1 there, or 0.
// An empty Name teaches nothing.
type Table struct {
	Name    string        // without the slash
	Length  int           // of its keys, as `string len` says
	Refresh time.Duration // between two lessons; a third of the table's expire
}

// Validate says everything that is wrong with the table.
func (t Table) Validate() error {
	var errs []error
	if t.Name == "" {
		return nil
	}
	if strings.HasPrefix(t.Name, "/") {
		errs = append(errs, fmt.Errorf("table %q: give its name without the slash", t.Name))
	}
	if t.Length < 1 || t.Length > 1024 {
		errs = append(errs, fmt.Errorf("length of keys %d, must be 1 to 1024", t.Length))
	}
	if t.Refresh < time.Second {
		errs = append(errs, fmt.Errorf("refresh %v, must be at least 1s", t.Refresh))
	}
	return errors.Join(errs...)
}

// definition describes the table to a peer.
func (t Table) definition() *peers.Definition {
	return &peers.Definition{
		Name: "/" + t.Name, KeyType: peers.KeyString, KeyLen: uint64(t.Length) + 1, // with its final NUL
		Fields: []peers.Field{{Type: peers.GPT0, Elements: 1}},
	}
}

// entry says whether a customer is denied.
func entry(customer string, denied bool) peers.Entry {
	value := uint64(0)
	if denied {
		value = 1
	}
	return peers.Entry{Key: []byte(customer), Values: []uint64{value}}
}
