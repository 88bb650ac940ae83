package peers

import "time"

// Rate is a frequency counter as HAProxy keeps it: the counts of the current and
// of the previous period, and the time since the current period began.
type Rate struct {
	Age               time.Duration
	Current, Previous uint32
}

// Uint returns an integer, or the first element of an array of integers.
// It is false when the table does not store the type.
func (u *Update) Uint(t DataType) (uint64, bool) { return u.Element(t, 0) }

// Element returns an element of an array of integers.
func (u *Update) Element(t DataType, i int) (uint64, bool) {
	f, slot, ok := u.Table.place(t)
	if !ok || dataTypes[t].enc.numbers() != 1 || i < 0 || i >= f.Elements {
		return 0, false
	}
	return u.Values[slot+i], true
}

// Rate returns a rate, or an element of an array of rates; i is 0 for the former.
func (u *Update) Rate(t DataType, i int) (Rate, bool) {
	f, slot, ok := u.Table.place(t)
	if !ok || dataTypes[t].enc != encFreq || i < 0 || i >= f.Elements {
		return Rate{}, false
	}
	v := u.Values[slot+3*i:]
	return Rate{Age: milliseconds(v[0]), Current: uint32(v[1]), Previous: uint32(v[2])}, true
}
