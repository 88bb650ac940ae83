package driver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/haproof/haproof/harness"
)

// guest is a visitor whose cookies stand in a list.
type guest struct {
	*user
	who     uint64
	cookies []string // name, value, name …
}

func (g guest) number() uint64 { return g.who }

func (g guest) cookie(name string) []byte {
	for i := 0; i+1 < len(g.cookies); i += 2 {
		if g.cookies[i] == name {
			return []byte(g.cookies[i+1])
		}
	}
	return nil
}

func (g guest) appendCookies(b []byte) []byte {
	for i := 0; i+1 < len(g.cookies); i += 2 {
		b = fmt.Appendf(b, "%s%s=%s", map[bool]string{true: "Cookie: ", false: "; "}[i == 0], g.cookies[i], g.cookies[i+1])
	}
	if len(g.cookies) > 0 {
		b = append(b, "\r\n"...)
	}
	return b
}

// naively fills in a pattern, one placeholder after the other.
func naively(pattern string, in *filling, customers []string) string {
	pieces, err := harness.ParsePattern(pattern)
	if err != nil {
		panic(err)
	}
	var b strings.Builder
	for _, p := range pieces {
		switch p.Place {
		case "":
			b.WriteString(p.Text)
		case harness.PlaceSeq:
			fmt.Fprintf(&b, "%012d", in.seq%1e12)
		case harness.PlaceUser:
			user := in.seq
			if in.who != nil {
				user = in.who.number()
			}
			fmt.Fprintf(&b, "%012d", user%1e12)
		case harness.PlaceCustomer:
			b.WriteString(customers[in.customer])
		case harness.PlaceCookie:
			if in.who != nil {
				b.Write(in.who.cookie(p.Text))
			}
		case harness.PlaceRandom:
			for left := p.Width; left > 0; left -= 16 {
				text := []byte(fmt.Sprintf("%016x", in.random.next()))
				for i := range min(left, 16) { // lowest digit first
					b.WriteByte(text[15-i])
				}
			}
		}
	}
	return b.String()
}

// naiveAttempt writes a whole attempt as anybody would.
func naiveAttempt(r harness.Request, in filling, customers []string) string {
	path, host := naively(r.Path, &in, customers), naively(r.Host, &in, customers)
	header, body := naively(r.Header, &in, customers), naively(r.Body, &in, customers)
	text := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\n%s: %d\r\n%s", r.Method, path, host, harness.SeqHeader, in.seq, header)
	if in.who != nil && !strings.Contains("\n"+strings.ToLower(r.Header), "\ncookie:") {
		text += string(in.who.appendCookies(nil))
	}
	if body != "" || r.Method == "POST" {
		text += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	return text + "\r\n" + body
}

var formCustomers = map[string][]string{
	"of one width": {"c0000", "c0001", "c0002"},
	"of several":   {"c0000", "acme-c1", "c2"},
}

// TestAFormIsFilledInAsOneWouldWriteIt also holds that nothing of one attempt is left
// in the next.
func TestAFormIsFilledInAsOneWouldWriteIt(t *testing.T) {
	g := guest{who: 42, cookies: []string{"sid", "abc", "lang", "de"}}
	for _, r := range []harness.Request{
		{Method: "GET", Host: "a.ads.test", Path: "/"},
		{Method: "GET", Host: "{customer}.ads.test", Path: "/pixel.gif?c={customer}&u={random:16}&s={seq}&v={user}"},
		{Method: "POST", Host: "a.ads.test", Path: "/order.php?seq={seq}", Header: "X-A: {random:3}\r\n", Body: "id={seq}&v={random:8}"},
		{Method: "POST", Host: "a.ads.test", Path: "/", Body: ""},
		{Method: "PUT", Host: "a.ads.test", Path: "/{cookie:sid}/{cookie:none}", Header: "Cookie: x={cookie:sid}\r\n", Body: "{cookie:lang}{customer}{random:64}"},
		{Method: "POST", Host: "a.ads.test", Path: "/{{}", Header: "X-A: {customer}{user}\r\nX-B: {{{seq}}\r\n", Body: "{cookie:none}"},
	} {
		for which, customers := range formCustomers {
			f, err := newForm(r, customers)
			if err != nil {
				t.Fatal(err)
			}
			var b []byte
			for _, in := range []filling{
				{seq: 999_999_999_999, random: randomOf(1, 1), customer: 2}, {seq: 0, random: randomOf(1, 2)},
				{seq: 17, random: randomOf(1, 3), customer: 1, who: g}, {seq: 18, customer: 1, who: guest{who: 1}},
				{seq: 1_000_000_000_007, customer: 1}, // wider than its field: the last digits
			} {
				b = f.appendFilled(append(b[:0], "before"...), in)
				if want := "before" + naiveAttempt(r, in, customers); string(b) != want {
					t.Fatalf("names %s: got\n%s\nwant\n%s", which, b, want)
				}
			}
		}
	}
}

// TestThePartsOfATargetMakeUpTheFilledForm compares the way of the drivers that want a
// target in parts with that of the others.
func TestThePartsOfATargetMakeUpTheFilledForm(t *testing.T) {
	targets := targetsOf(t, routedWorkload())
	var r random
	for k := range uint64(500) {
		for _, who := range []visitor{nil, guest{who: k / 3, cookies: []string{"sid", fmt.Sprint(k), "a", "b"}}} {
			inParts, path := targets.appendAt(k, &r, nil)
			if inParts.Form == nil || len(path) > 0 {
				t.Fatalf("attempt %d has no form, or a path: %q", k, path)
			}
			inParts.Who = who
			whole := string(appendAttempt(nil, k, &inParts, path))
			inParts.fillIn(k)
			if got := string(appendAttempt(nil, k, &inParts, inParts.Path)); got != whole {
				t.Fatalf("attempt %d in parts:\n%s\nat once:\n%s", k, got, whole)
			}
		}
	}
}

// FuzzTemplate wants no panic, literal text as it was, fields within the bytes, and
// attempts as one would write them.
func FuzzTemplate(f *testing.F) {
	f.Add("/pixel.gif?c={customer}&u={random:16}", "X-A: {user}\r\n", "id={seq}&v={random:8}", uint64(7), uint8(1))
	f.Add("/{{}{cookie:sid}", "Cookie: a={cookie:sid}\r\n", "{customer}{{{seq}}", uint64(1)<<63, uint8(2))
	f.Add("{random:64}{random:0}", "{", "}{", uint64(0), uint8(0))
	f.Fuzz(func(t *testing.T, path, header, body string, seq uint64, customer uint8) {
		literal := strings.ReplaceAll(path, "{", "{{")
		if pieces, err := harness.ParsePattern(literal); err != nil || len(pieces) > 1 || len(pieces) == 1 && pieces[0] != (harness.Piece{Text: path}) {
			t.Fatalf("%q as literal text: %+v %v", path, pieces, err)
		}
		for _, customers := range formCustomers {
			r := harness.Request{Method: "POST", Host: "{customer}.test", Path: path, Header: header, Body: body}
			form, err := newForm(r, customers)
			if err != nil {
				return
			}
			for i, run := range form.runs {
				end := 0
				for _, s := range run.fields {
					if s.at < end || s.width < 1 || s.at+s.width > len(run.bytes) {
						t.Fatalf("run %d of %d bytes has field %+v", i, len(run.bytes), s)
					}
					end = s.at + s.width
				}
			}
			in := filling{seq: seq, random: randomOf(seq, 1), customer: int(customer) % len(customers)}
			if customer%2 == 1 {
				in.who = guest{who: seq / 2, cookies: []string{"sid", "abc"}}
			}
			if got, want := string(form.appendFilled(nil, in)), naiveAttempt(r, in, customers); got != want {
				t.Fatalf("got\n%q\nwant\n%q", got, want)
			}
		}
	})
}
