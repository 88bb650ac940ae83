package harness

import (
	"fmt"
	"strconv"
	"strings"
)

// Placeholder is what an attempt puts into its template.
type Placeholder string

// The placeholders. The empty one stands for literal text.
const (
	PlaceSeq      Placeholder = "seq"      // {seq}: the last SeqWidth digits of the sequence id, with leading zeros
	PlaceCustomer Placeholder = "customer" // {customer}: name of the attempt's customer, as in Workload.Customer
	PlaceUser     Placeholder = "user"     // {user}: number of the virtual user, SeqWidth digits; the sequence id where there are none
	PlaceRandom   Placeholder = "random"   // {random:8}: so many hexadecimal digits, MaxRandom at most
	PlaceCookie   Placeholder = "cookie"   // {cookie:NAME}: what the user's last answer set, empty where there is none
)

const (
	// SeqWidth is the width of {seq} and {user}: more digits than a trial can have
	// attempts.
	SeqWidth = 12
	// MaxRandom bounds the digits of one {random}.
	MaxRandom = 64
	// MaxPlaces bounds the placeholders of one text.
	MaxPlaces = 64
	// maxCookieName bounds the name of a cookie.
	maxCookieName = 64
)

// Piece is a part of a pattern: literal text, or a placeholder.
type Piece struct {
	Place Placeholder // empty: Text stands for itself
	Text  string      // literal text, or the cookie's name
	Width int         // of random
}

// PatternError says where a pattern is wrong.
type PatternError struct {
	Column     int // in bytes, 1 first
	Text       string
	Suggestion string // may be empty
}

// Error names the column.
func (e *PatternError) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Text) }

// placeholders are the placeholders as people write them.
var placeholders = []string{"seq", "customer", "user", "random:8", "cookie:NAME"}

// ParsePattern splits a text into its literal parts and its placeholders, which
// stand in braces. Two opening braces stand for one literal brace; a closing brace
// outside of a placeholder stands for itself. The error is a *PatternError.
func ParsePattern(text string) ([]Piece, error) {
	var pieces []Piece
	var literal strings.Builder
	places := 0
	for at := 0; at < len(text); {
		brace := strings.IndexByte(text[at:], '{')
		if brace < 0 {
			literal.WriteString(text[at:])
			break
		}
		literal.WriteString(text[at : at+brace])
		at += brace
		if strings.HasPrefix(text[at:], "{{") {
			literal.WriteByte('{')
			at += 2
			continue
		}
		inside, _, closed := strings.Cut(text[at+1:], "}")
		if !closed {
			return nil, &PatternError{at + 1, "a placeholder without its closing brace", "write {{ for a brace that stands for itself"}
		}
		piece, wrong, suggestion := placeholder(inside)
		if places++; wrong == "" && places > MaxPlaces {
			wrong = fmt.Sprintf("more than %d placeholders", MaxPlaces)
		}
		if wrong != "" {
			return nil, &PatternError{at + 1, wrong, suggestion}
		}
		if literal.Len() > 0 {
			pieces = append(pieces, Piece{Text: literal.String()})
			literal.Reset()
		}
		pieces = append(pieces, piece)
		at += len(inside) + len("{}")
	}
	if literal.Len() > 0 {
		pieces = append(pieces, Piece{Text: literal.String()})
	}
	return pieces, nil
}

// placeholder reads what stands between braces.
func placeholder(inside string) (p Piece, wrong, suggestion string) {
	name, argument, has := strings.Cut(inside, ":")
	p.Place = Placeholder(name)
	switch p.Place {
	case PlaceSeq, PlaceCustomer, PlaceUser:
		if has {
			return p, fmt.Sprintf("{%s} takes nothing after a colon", name), fmt.Sprintf("write {%s}", name)
		}
	case PlaceRandom:
		n, err := strconv.Atoi(argument)
		if err != nil || n < 1 || n > MaxRandom || argument[0] == '0' || argument[0] == '+' {
			return p, fmt.Sprintf("{%s} does not say how many digits", brief(inside)), fmt.Sprintf("write {random:1} to {random:%d}", MaxRandom)
		}
		p.Width = n
	case PlaceCookie:
		if !isToken(argument) || len(argument) > maxCookieName {
			return p, fmt.Sprintf("{%s} names no cookie", brief(inside)), "write such as {cookie:session}"
		}
		p.Text = argument
	default:
		suggestion = "known: {" + strings.Join(placeholders, "}, {") + "}; write {{ for a brace that stands for itself"
		if near := nearest(name, []string{"seq", "customer", "user", "random", "cookie"}); near != "" {
			suggestion = fmt.Sprintf("did you mean {%s}?", near)
		}
		return p, fmt.Sprintf("unknown placeholder {%s}", brief(inside)), suggestion
	}
	return p, "", ""
}

// brief keeps an error readable.
func brief(text string) string {
	const most = 32
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// isToken says whether a text is what RFC 9110, 5.6.2 allows in names.
func isToken(text string) bool {
	for _, c := range []byte(text) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
		if !letter && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return text != ""
}
