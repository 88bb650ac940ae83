package webhook

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var (
	secret = []byte("sixteen bytes and more")
	body   = []byte(`{"id":"1","customer":"c1"}`)
	signed = time.Unix(1_795_170_600, 0)
)

// As openssl computes it:
// printf '1795170600.{"id":"1","customer":"c1"}' | openssl dgst -sha256 -hmac 'sixteen bytes and more'
const golden = "t=1795170600,v1=73e27bd3b2162e26501e0b742f1f8bbdb1509dc4b114fa4973591f20038821a8"

func TestSignatureIsThatOfTheDocumentation(t *testing.T) {
	if got := Sign(body, secret, signed); got != golden {
		t.Errorf("got %s, want %s", got, golden)
	}
}

func TestVerifyTakesNothingElse(t *testing.T) {
	v1 := golden[len("t=1795170600,"):]
	flipped := strings.Replace(golden, v1[3:5], "zz", 1)
	for _, c := range []struct {
		name      string
		header    string
		body      string
		secret    string
		tolerance time.Duration
		after     time.Duration
		want      error
	}{
		{name: "as signed", header: golden},
		{name: "at the limit", header: golden, after: DefaultTolerance},
		{name: "replayed", header: golden, after: DefaultTolerance + time.Second, want: ErrExpired},
		{name: "from the future", header: golden, after: -DefaultTolerance - time.Second, want: ErrExpired},
		{name: "tolerance of our own", header: golden, tolerance: time.Hour, after: time.Hour},
		{name: "replayed with a new time", header: "t=1795170900," + v1, after: 300 * time.Second, want: ErrMismatch},
		{name: "other body", header: golden, body: string(body) + " ", want: ErrMismatch},
		{name: "no body", header: golden, body: "-", want: ErrMismatch},
		{name: "other secret", header: golden, secret: "sixteen bytes and mure", want: ErrMismatch},
		{name: "other version beside it", header: "v2=x," + golden + ", v0=y"},
		{name: "old and new secret", header: "t=1795170600,v1=" + strings.Repeat("00", 32) + "," + v1},
		{name: "new and old secret", header: "t=1795170600," + v1 + ",v1=" + strings.Repeat("00", 32)},
		{name: "only another version", header: "t=1795170600,v2=" + v1[3:], want: ErrMalformed},
		{name: "not hexadecimal", header: flipped, want: ErrMalformed},
		{name: "short", header: golden[:len(golden)-2], want: ErrMalformed},
		{name: "no time", header: v1, want: ErrMalformed},
		{name: "two times", header: "t=1,t=1795170600," + v1, want: ErrMalformed},
		{name: "empty", header: "", want: ErrMalformed},
		{name: "no field", header: "t", want: ErrMalformed},
		{name: "endless", header: golden + strings.Repeat(",v2=x", 1000), want: ErrMalformed},
		{name: "many signatures", header: golden + strings.Repeat(","+v1, 9), want: ErrMalformed},
	} {
		b, s := body, secret
		if c.body != "" {
			b = []byte(strings.TrimPrefix(c.body, "-"))
		}
		if c.secret != "" {
			s = []byte(c.secret)
		}
		err := Verify(c.header, b, s, c.tolerance, signed.Add(c.after))
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestVerifySignedTimeMustBeANumber(t *testing.T) {
	for _, text := range []string{"now", "1e9", "99999999999999999999", ""} {
		header := "t=" + text + ",v1=" + strings.Repeat("0", 64)
		if text != "" { // signed by who knows the secret, and still no time
			header = "t=" + text + ",v1=" + hexOf(mac(text, body, secret))
		}
		if err := Verify(header, body, secret, 0, signed); !errors.Is(err, ErrMalformed) {
			t.Errorf("time %q: %v", text, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(golden)
	f.Add("t=1,v1=")
	f.Fuzz(func(t *testing.T, header string) {
		if Verify(header, body, []byte("another secret of ours"), 0, signed) == nil {
			t.Errorf("%q is taken for a signature", header)
		}
	})
}
