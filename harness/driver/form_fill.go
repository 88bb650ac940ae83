package driver

import (
	"strconv"

	"github.com/haproof/haproof/harness"
)

// filling is what an attempt puts into a form. The random digits are drawn in the
// order in which they stand on the wire.
type filling struct {
	seq      uint64
	random   random
	customer int
	who      visitor // nil for nobody
}

// filling is what the target puts into its form.
func (t *Target) filling(seq uint64) filling {
	return filling{seq: seq, random: t.Draws, customer: int(t.Customer), who: t.Who}
}

// fillIn writes the form of attempt seq into the target, for those who want it in
// parts.
func (t *Target) fillIn(seq uint64) {
	in := t.filling(seq)
	t.Path = string(in.appendPieces(nil, t.Form.path, t.Form))
	t.Header = string(in.appendPieces(nil, t.Form.header, t.Form))
	t.Body = string(in.appendPieces(nil, t.Form.body, t.Form))
	t.Form, t.Draws, t.Customer = nil, 0, 0
}

// appendFilled appends the whole attempt as HTTP/1.1.
func (f *form) appendFilled(b []byte, in filling) []byte {
	for i := range f.runs {
		r := &f.runs[i]
		at := len(b)
		b = append(b, r.bytes...)
		for _, s := range r.fields {
			in.overwrite(b[at+s.at:at+s.at+s.width], s.place, f)
		}
		if r.place != "" {
			b = in.appendExtra(b, r.extra, f)
		}
	}
	return b
}

// appendPieces appends a pattern, filled in.
func (in *filling) appendPieces(b []byte, pieces []harness.Piece, f *form) []byte {
	for _, p := range pieces {
		switch width := f.width(p); {
		case p.Place == "":
			b = append(b, p.Text...)
		case width < 0:
			b = in.appendExtra(b, extra{p.Place, p.Text}, f)
		default:
			at := len(b)
			b = append(b, make([]byte, width)...)
			in.overwrite(b[at:], p.Place, f)
		}
	}
	return b
}

// overwrite writes a field.
func (in *filling) overwrite(field []byte, place harness.Placeholder, f *form) {
	switch place {
	case harness.PlaceSeq:
		writeDecimal(field, in.seq)
	case harness.PlaceUser:
		writeDecimal(field, in.user())
	case harness.PlaceRandom:
		writeRandom(field, &in.random)
	case harness.PlaceCustomer:
		copy(field, f.customers[in.customer])
	}
}

// appendExtra appends what varies in length.
func (in *filling) appendExtra(b []byte, e extra, f *form) []byte {
	switch e.place {
	case placeID:
		return strconv.AppendUint(b, in.seq, 10)
	case placeLength:
		return strconv.AppendInt(b, int64(in.bodyLength(f)), 10)
	case placeJar:
		if in.who != nil {
			return in.who.appendCookies(b)
		}
	case harness.PlaceCookie:
		if in.who != nil {
			return append(b, in.who.cookie(e.name)...)
		}
	case harness.PlaceCustomer:
		return append(b, f.customers[in.customer]...)
	}
	return b
}

// bodyLength returns the length of a body that varies.
func (in *filling) bodyLength(f *form) int {
	n := f.bodyBytes
	for _, e := range f.bodyVaries {
		switch {
		case e.place == harness.PlaceCustomer:
			n += len(f.customers[in.customer])
		case in.who != nil:
			n += len(in.who.cookie(e.name))
		}
	}
	return n
}

// user is the number of the attempt's user; without users each attempt is a user of
// its own.
func (in *filling) user() uint64 {
	if in.who != nil {
		return in.who.number()
	}
	return in.seq
}

// writeDecimal fills a field with the last digits of n.
func writeDecimal(field []byte, n uint64) {
	for i := len(field) - 1; i >= 0; i-- {
		field[i] = byte('0' + n%10)
		n /= 10
	}
}

// writeRandom fills a field with hexadecimal digits, of which a draw gives 16.
func writeRandom(field []byte, r *random) {
	var bits uint64
	for i := range field {
		if i%16 == 0 {
			bits = r.next()
		}
		field[i] = "0123456789abcdef"[bits&15]
		bits >>= 4
	}
}
