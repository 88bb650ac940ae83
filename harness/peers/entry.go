package peers

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"time"
)

var (
	// ErrUnfit is wrapped when an entry cannot be taught: its key or its values do
	// not fit the table.
	ErrUnfit = errors.New("entry does not fit its table")

	// ErrForbidden is wrapped when a table of Config.NeverTeach is to be taught.
	ErrForbidden = errors.New("table must not be taught")

	errFields = errors.New("fields are not in ascending order, or twice")
)

// Entry is what a peer is to be taught about one key.
type Entry struct {
	Key    []byte   // as in Update
	Values []uint64 // as in Update
	Server string   // the ServerKey, in tables that store one

	// Remaining is how long the peer keeps the entry. 0 means for the time that its
	// own table says, counted anew at each lesson. HAProxy cuts longer times to
	// that, but only since 3.2.
	Remaining time.Duration
}

// fits says what is wrong with an entry, in the eyes of the peer that is to learn it.
func (d *Definition) fits(e *Entry) error {
	length := uint64(len(e.Key))
	switch {
	case d.KeyType == KeyString && length >= d.KeyLen: // the peer would cut it
		return fmt.Errorf("%w: key %.40q of %d bytes in a table for %d", ErrUnfit, e.Key, length, d.KeyLen-1)
	case d.KeyType == KeyString && bytes.IndexByte(e.Key, 0) >= 0: // where HAProxy's strings end
		return fmt.Errorf("%w: key %.40q has a NUL in it", ErrUnfit, e.Key)
	case d.KeyType != KeyString && length != d.KeyLen:
		return fmt.Errorf("%w: key %.40q of %d bytes, want %d", ErrUnfit, e.Key, length, d.KeyLen)
	case len(e.Values) != d.Values():
		return fmt.Errorf("%w: key %.40q with %d values, want %d", ErrUnfit, e.Key, len(e.Values), d.Values())
	case e.Remaining < 0 || e.Remaining.Milliseconds() > math.MaxUint32:
		return fmt.Errorf("%w: key %.40q remains for %v", ErrUnfit, e.Key, e.Remaining)
	}
	values := e.Values
	for _, f := range d.Fields {
		for _, v := range values[:f.numbers()] {
			if v > dataTypes[f.Type].enc.mask() {
				return fmt.Errorf("%w: key %.40q with %v %d", ErrUnfit, e.Key, f.Type, v)
			}
		}
		values = values[f.numbers():]
	}
	return nil
}

// teachable says what is wrong with a table that we are to define.
func (d *Definition) teachable() error {
	if len(d.Name) == 0 || len(d.Name) > maxName {
		return fmt.Errorf("table name of %d bytes, limit %d", len(d.Name), maxName)
	}
	if d.Unknown != 0 || len(d.Fields) == 0 {
		return fmt.Errorf("table %s: no data types, or unknown ones", d.Name)
	}
	for i, f := range d.Fields {
		if !f.Type.known() || f.Elements < 1 || f.Elements > maxElements || (f.Elements > 1 && !dataTypes[f.Type].array) {
			return fmt.Errorf("table %s: %d elements of %v", d.Name, f.Elements, f.Type)
		}
		if i > 0 && f.Type <= d.Fields[i-1].Type {
			return fmt.Errorf("table %s: %w", d.Name, errFields)
		}
	}
	if err := d.KeyType.check(d.KeyLen); err != nil {
		return fmt.Errorf("table %s: %w", d.Name, err)
	}
	return nil
}
