package peers

import (
	"encoding/binary"
	"fmt"
	"time"
)

// Update is the state of one key in a sender's table: absolute values, not
// differences.
type Update struct {
	Table *Definition
	ID    uint32 // serial number within the table; it wraps

	// Incremental says that the number was not sent, being the previous one plus 1.
	Incremental bool

	// Timed marks the answers to a resync request. They include entries that the
	// sender learned from others; live updates are the sender's own. Version 2.0 has
	// no such message: there a Session marks all updates between its request and the
	// end of the answer.
	Timed     bool
	Remaining time.Duration // Timed only: until the entry expires, 0 if it does not

	Key []byte // without its length; see Definition.KeyText

	// Values holds the numbers of all fields in their order: one for an integer,
	// three for a rate (age in milliseconds, current, previous), and as many times
	// that as an array has elements. Definition.Slot finds them.
	Values []uint64

	Dict Dict // tables that store ServerKey only
}

// AppendTo appends the message, with the type that fits Timed and Incremental.
// Values must have the length that the table demands.
func (u *Update) AppendTo(b []byte) []byte {
	return appendFrame(b, classTable, u.messageType(), u.appendPayload(nil))
}

func (u *Update) appendPayload(b []byte) []byte {
	if !u.Incremental {
		b = binary.BigEndian.AppendUint32(b, u.ID)
	}
	if u.Timed {
		b = binary.BigEndian.AppendUint32(b, uint32(u.Remaining.Milliseconds()))
	}
	b = u.Table.appendKey(b, u.Key)
	return u.appendValues(b)
}

func (u *Update) appendValues(b []byte) []byte {
	values := u.Values
	for _, f := range u.Table.Fields {
		enc := dataTypes[f.Type].enc
		if enc == encDict {
			b = u.Dict.appendTo(b)
			continue
		}
		for _, v := range values[:f.numbers()] {
			if enc == encSint {
				v = uint64(int64(int32(v)))
			}
			b = appendVarint(b, v)
		}
		values = values[f.numbers():]
	}
	return b
}

func (u *Update) messageType() byte {
	switch {
	case u.Timed && u.Incremental:
		return typeTimedIncremental
	case u.Timed:
		return typeTimedUpdate
	case u.Incremental:
		return typeIncremental
	default:
		return typeUpdate
	}
}

// parse reads an update of u.Table into u, keeping its buffers. lastID is the
// number of the table's previous update. What follows the known fields is ignored.
func (u *Update) parse(b []byte, typ byte, lastID uint32, dict *dictCache) error {
	u.Timed = typ == typeTimedUpdate || typ == typeTimedIncremental
	u.Incremental = typ == typeIncremental || typ == typeTimedIncremental
	u.ID = lastID + 1
	u.Remaining = 0
	u.Dict = Dict{}
	if !u.Incremental {
		if len(b) < 4 {
			return errShort
		}
		u.ID = binary.BigEndian.Uint32(b)
		b = b[4:]
	}
	if u.Timed {
		if len(b) < 4 {
			return errShort
		}
		u.Remaining = milliseconds(uint64(binary.BigEndian.Uint32(b)))
		b = b[4:]
	}
	key, n, err := u.Table.parseKey(b)
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	u.Key = key
	return u.parseValues(b[n:], dict)
}

func (u *Update) parseValues(b []byte, dict *dictCache) error {
	u.Values = u.Values[:0]
	for i := range u.Table.Fields {
		f := &u.Table.Fields[i]
		enc := dataTypes[f.Type].enc
		if enc == encDict {
			entry, n, err := dict.parse(b)
			if err != nil {
				return fmt.Errorf("%v: %w", f.Type, err)
			}
			u.Dict = entry
			b = b[n:]
			continue
		}
		mask := enc.mask()
		for range f.numbers() {
			v, n, err := parseVarint(b)
			if err != nil {
				return fmt.Errorf("%v: %w", f.Type, err)
			}
			u.Values = append(u.Values, v&mask)
			b = b[n:]
		}
	}
	return nil
}
