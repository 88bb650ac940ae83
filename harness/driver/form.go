package driver

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/haproof/haproof/harness"
)

// form is a template made ready: the bytes of an attempt with room for what differs
// from one to the next. Filling it in is copying and overwriting; it allocates
// nothing and looks nothing up. It is safe for concurrent use.
type form struct {
	path, header, body []harness.Piece
	customers          []string
	nameWidth          int // of every customer, below 0 where they differ
	runs               []run
	bodyBytes          int     // without what varies
	bodyVaries         []extra // what else the body holds
}

// run is bytes of fixed length with fields at fixed offsets, and what follows them
// whose length is not known before.
type run struct {
	bytes  []byte
	fields []slot
	extra
}

// slot is a field at a fixed offset.
type slot struct {
	place harness.Placeholder
	at    int
	width int
}

// extra is something of varying length.
type extra struct {
	place harness.Placeholder // empty for nothing
	name  string              // of a cookie
}

// What else than placeholders varies in length.
const (
	placeID     harness.Placeholder = "id"     // sequence id as in the header: without leading zeros
	placeLength harness.Placeholder = "length" // of a body that varies
	placeJar    harness.Placeholder = "jar"    // the header line of a user's cookies
)

// newForm makes a request whose path, header and body are patterns ready. Its host
// may hold {customer}, one of the given.
func newForm(r harness.Request, customers []string) (*form, error) {
	f := &form{customers: customers, nameWidth: widthOf(customers)}
	var host []harness.Piece
	var err error
	for _, text := range []struct {
		name, text string
		into       *[]harness.Piece
	}{{"host", r.Host, &host}, {"path", r.Path, &f.path}, {"header", r.Header, &f.header}, {"body", r.Body, &f.body}} {
		if *text.into, err = harness.ParsePattern(text.text); err != nil {
			return nil, fmt.Errorf("%s, %w", text.name, err)
		}
		if len(customers) == 0 && uses(*text.into, harness.PlaceCustomer) {
			return nil, fmt.Errorf("%s has {customer}: %w", text.name, errNoCustomers)
		}
	}
	f.runs = []run{{}}
	f.literal(r.Method + " ")
	f.pieces(f.path)
	f.literal(" HTTP/1.1\r\nHost: ")
	f.pieces(host)
	f.literal("\r\n" + harness.SeqHeader + ": ")
	f.varying(extra{place: placeID})
	f.literal("\r\n")
	f.pieces(f.header)
	if !hasCookies(r.Header) {
		f.varying(extra{place: placeJar})
	}
	f.length(r.Method)
	f.literal("\r\n")
	f.pieces(f.body)
	return f, nil
}

// hasCookies says whether header lines send cookies themselves.
func hasCookies(header string) bool {
	return strings.Contains("\r\n"+strings.ToLower(header), "\r\ncookie:")
}

// uses says whether pieces hold a placeholder.
func uses(pieces []harness.Piece, place harness.Placeholder) bool {
	return slices.ContainsFunc(pieces, func(p harness.Piece) bool { return p.Place == place })
}

// length adds the length of the body, where there is one to tell.
func (f *form) length(method string) {
	for _, p := range f.body {
		width := f.width(p)
		if width < 0 {
			f.bodyVaries = append(f.bodyVaries, extra{p.Place, p.Text})
			continue
		}
		f.bodyBytes += width
	}
	switch {
	case len(f.bodyVaries) > 0:
		f.literal("Content-Length: ")
		f.varying(extra{place: placeLength})
		f.literal("\r\n")
	case f.bodyBytes > 0 || method == http.MethodPost:
		f.literal("Content-Length: " + strconv.Itoa(f.bodyBytes) + "\r\n")
	}
}

// width returns the width of a piece, below 0 where it varies.
func (f *form) width(p harness.Piece) int {
	switch p.Place {
	case "":
		return len(p.Text)
	case harness.PlaceSeq, harness.PlaceUser:
		return harness.SeqWidth
	case harness.PlaceRandom:
		return p.Width
	case harness.PlaceCustomer:
		return f.nameWidth
	}
	return -1
}

// widthOf returns the width of all names, below 0 where they differ.
func widthOf(names []string) int {
	for _, name := range names {
		if len(name) != len(names[0]) {
			return -1
		}
	}
	if len(names) == 0 {
		return -1
	}
	return len(names[0])
}

// pieces adds a pattern.
func (f *form) pieces(all []harness.Piece) {
	for _, p := range all {
		last := &f.runs[len(f.runs)-1]
		switch width := f.width(p); {
		case p.Place == "":
			f.literal(p.Text)
		case width < 0:
			f.varying(extra{p.Place, p.Text})
		default:
			last.fields = append(last.fields, slot{p.Place, len(last.bytes), width})
			last.bytes = append(last.bytes, make([]byte, width)...)
		}
	}
}

func (f *form) literal(text string) {
	last := &f.runs[len(f.runs)-1]
	last.bytes = append(last.bytes, text...)
}

// varying ends a run.
func (f *form) varying(e extra) {
	f.runs[len(f.runs)-1].extra = e
	f.runs = append(f.runs, run{})
}
