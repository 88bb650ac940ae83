package api

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// cursor is where a page ended: the next one begins behind it, whatever has changed
// since. A customer that overtakes it in between is shown twice or not at all, as in
// any list of what moves.
type cursor struct {
	Order  string `json:"o"`
	Key    uint64 `json:"k,omitempty"`
	Number uint32 `json:"n,omitempty"`
	Name   []byte `json:"s,omitempty"` // of orders by name
}

// cursor returns the one behind a customer.
func (l *live) cursor(order string, last uint32) cursor {
	if order == byName {
		return cursor{Order: order, Name: []byte(l.totals.Names[last])}
	}
	return cursor{Order: order, Key: l.key(order, last), Number: last}
}

// String is what parseCursor reads. Its form is nobody's business.
func (c cursor) String() string {
	text, _ := json.Marshal(c) // always encodes
	return base64.RawURLEncoding.EncodeToString(text)
}

// parseCursor reads a cursor of an order.
func parseCursor(text, order string) (*cursor, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	c := new(cursor)
	if err == nil {
		err = json.Unmarshal(raw, c)
	}
	if err != nil {
		return nil, errors.New("cursor is not one that was given as next")
	}
	if c.Order != order {
		return nil, fmt.Errorf("cursor is of a list by %s, not by %s", c.Order, order)
	}
	return c, nil
}
