package plan

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"
)

// Crossing tells that a customer reached a threshold of a limit. As JSON it is the
// body of a webhook. Customer is whatever bytes HAProxy keyed the customer by; who
// writes it as JSON must first make them text.
type Crossing struct {
	ID          ID        `json:"id"`
	Customer    string    `json:"customer"`
	Plan        string    `json:"plan"`
	Period      Period    `json:"period"`
	PeriodStart time.Time `json:"period_start,omitzero"` // zero for Total
	PeriodEnd   time.Time `json:"period_end,omitzero"`   // zero for Total
	Limit       uint64    `json:"limit"`
	Used        uint64    `json:"used"`    // in the period, when the threshold was seen to be reached
	Percent     int       `json:"percent"` // of the limit; 100 is the limit itself
	Deny        bool      `json:"deny"`    // the plan denies the customer until the period is over
	At          time.Time `json:"at"`      // the time of the Meter
}

// ID is the same for the same customer, plan, limit, period and threshold, and for
// no other. It is written as 32 hexadecimal digits.
type ID [16]byte

// ParseID reads what String wrote.
func ParseID(text string) (id ID, err error) {
	if len(text) != hex.EncodedLen(len(id)) {
		return ID{}, fmt.Errorf("id of %d digits, want %d", len(text), hex.EncodedLen(len(id)))
	}
	if _, err := hex.Decode(id[:], []byte(text)); err != nil {
		return ID{}, fmt.Errorf("id: %w", err)
	}
	return id, nil
}

// String is 32 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText is String.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText is ParseID.
func (id *ID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseID(string(text))
	return err
}

// crossingID hashes what makes a crossing another one. Names are preceded by their
// lengths, so that no two lists of fields have the same bytes.
func crossingID(customer, plan string, p Period, start int64, maximum uint64, percent int) (id ID) {
	b := make([]byte, 0, 128)
	for _, name := range []string{customer, plan} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(name)))
		b = append(b, name...)
	}
	b = append(b, byte(p), byte(percent))
	b = binary.BigEndian.AppendUint64(b, uint64(start))
	b = binary.BigEndian.AppendUint64(b, maximum)
	sum := sha256.Sum256(b)
	copy(id[:], sum[:])
	return id
}
