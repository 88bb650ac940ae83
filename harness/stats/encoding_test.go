package stats

import (
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEncodedHistogramComesBackWithAllItsCounts(t *testing.T) {
	for _, sample := range [][]time.Duration{nil, {0}, {1}, {Highest}, latencies(20000)} {
		h := fill(sample)
		text, err := h.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(text)
		if err != nil {
			t.Fatalf("%d values: %v", len(sample), err)
		}
		if !back.buckets.Equals(h.buckets) {
			t.Errorf("%d values: the counts differ", len(sample))
		}
		for _, pair := range [][2]time.Duration{{h.Min(), back.Min()}, {h.Max(), back.Max()}, {h.Mean(), back.Mean()}} {
			if diff := pair[1] - pair[0]; diff.Abs() > pair[0]/1000+1 {
				t.Errorf("%d values: %v came back as %v", len(sample), pair[0], pair[1])
			}
		}
		again, err := back.Encode()
		if diff := cmp.Diff(text, again); diff != "" || err != nil {
			t.Errorf("%d values: %v %s", len(sample), err, diff)
		}
	}
}

func TestEncodedHistogramSaysThatItsBucketsAreWhereTheyBelong(t *testing.T) {
	text, err := fill(latencies(100)).Encode()
	if err != nil {
		t.Fatal(err)
	}
	inside, err := unpack(text)
	if err != nil {
		t.Fatal(err)
	}
	const payload = 4 // a length, of what was recorded; not compared
	header := append([]byte{}, inside[:40]...)
	copy(header[payload:], []byte{0, 0, 0, 0})
	want := []byte{
		0x1c, 0x84, 0x93, 0x13, 0, 0, 0, 0, // cookie, length
		0, 0, 0, 0, // rotated by no bucket
		0, 0, 0, 3, // significant digits
		0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0x03, 0x46, 0x30, 0xb8, 0xa0, 0, // from 1 ns to 1 h
		0x3f, 0xf0, 0, 0, 0, 0, 0, 0, // times 1.0
	}
	if diff := cmp.Diff(want, header); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNoHistogramIsRefused(t *testing.T) {
	text, err := fill(latencies(100)).Encode()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	bad := map[string]string{
		"nothing": "", "no base64": "HISTF???", "too short": "AAAA", "truncated": text[:len(text)/2],
		"too long": string(make([]byte, LongestText+1)),
	}
	for i := range raw { // one bit wrong somewhere: refused, or decoded, and never a panic
		flipped := append([]byte{}, raw...)
		flipped[i] ^= 1
		_, _ = Decode(base64.StdEncoding.EncodeToString(flipped))
	}
	for why, text := range bad {
		if _, err := Decode(text); !errors.Is(err, ErrEncoding) {
			t.Errorf("%s: got %v", why, err)
		}
	}
}

// TestExactEndsComeBack: but none that the buckets do not tell of.
func TestExactEndsComeBack(t *testing.T) {
	whole := NewHistogram()
	for d := time.Millisecond; d < 20*time.Millisecond; d += 17 * time.Microsecond {
		whole.Record(d + 3)
	}
	text, err := whole.Encode()
	if err != nil {
		t.Fatal(err)
	}
	h, err := Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, lie := range [][2]time.Duration{{0, whole.Max()}, {whole.Min(), whole.Max() * 2}, {whole.Min(), whole.Max() / 2}, {whole.Max(), whole.Min()}} {
		if err := h.Within(lie[0], lie[1]); !errors.Is(err, ErrEncoding) {
			t.Errorf("ends %v: %v", lie, err)
		}
	}
	if err := h.Within(whole.Min(), whole.Max()); err != nil || h.Min() != whole.Min() || h.Max() != whole.Max() || h.Quantile(1) != whole.Max() {
		t.Errorf("%v: from %v to %v, want %v to %v", err, h.Min(), h.Max(), whole.Min(), whole.Max())
	}
}
