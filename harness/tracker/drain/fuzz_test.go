package drain

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
)

func FuzzParser(f *testing.F) {
	for _, seed := range []string{
		plainRecord,
		"<133>Nov 21 04:14:26 localhost haproxy[14266]: " + plainRecord,
		"<133>1 2026-11-21T04:14:26.004779+00:00 - haproxy 14266 - [" + plainRecord + "] text",
		`<5>QT1 source="%41" gen="1" seq="18446744073709551615" customer="%zz"`,
		"<134>1 - - - - - - \ufeff" + plainRecord,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		var p Parser
		before := bytes.Clone(message)
		l, err := p.Parse(message)
		if !bytes.Equal(before, message) {
			t.Fatal("the message was changed")
		}
		if err != nil {
			if l != (Line{}) {
				t.Fatalf("got %+v with error %v", l, err)
			}
			return
		}
		if l.Source == "" || l.Generation == "" ||
			len(l.Source) > MaxSource || len(l.Generation) > MaxGeneration || len(l.Customer) > MaxCustomer {
			t.Fatalf("got %+v", l)
		}
		// Written as HAProxy would write it, it must be the same line.
		again, err := p.Parse(fmt.Appendf(nil, `QT1 source="%s" gen="%s" seq="%d" customer="%s"`,
			encode(l.Source), encode(l.Generation), l.Seq, encode(l.Customer)))
		if err != nil || again != l {
			t.Fatalf("got %+v, %v, want %+v", again, err, l)
		}
	})
}

// encode writes every byte as %XX.
func encode(s string) string {
	var b []byte
	for i := range len(s) {
		b = fmt.Appendf(b, "%%%02X", s[i])
	}
	return string(b)
}

func FuzzFramer(f *testing.F) {
	for _, seed := range []string{"a\nb\n", "1 a2 bc", "21 x", "127.0.0.1 a\n", "99999999999 \n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		framer := newFramer(bytes.NewReader(stream), testLimit)
		for range len(stream) + 1 {
			if framer.begin() != nil {
				return
			}
			message, err := framer.next()
			if len(message) > testLimit+1 {
				t.Fatalf("message of %d bytes, limit %d", len(message), testLimit)
			}
			if err != nil && !errors.Is(err, errTooLong) {
				return
			}
		}
		t.Fatal("more messages than bytes")
	})
}
