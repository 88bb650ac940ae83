package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DefaultTolerance is how old a signature may be if Verify is not told otherwise.
const DefaultTolerance = 5 * time.Minute

const (
	maxSignature  = 1024 // bytes of the header
	maxSignatures = 8    // in it
)

// What Verify finds wrong.
var (
	ErrMalformed = errors.New("the signature is not readable")
	ErrMismatch  = errors.New("the signature is not that of the body")
	ErrExpired   = errors.New("the signature is of another time")
)

// Sign returns the Haproof-Signature header of a body: t=<unix>,v1=<hex>, where v1 is
// HMAC-SHA256 with the secret of the digits of t, a dot, and the body.
func Sign(body, secret []byte, at time.Time) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac(t, body, secret))
}

// Verify tells a receiver whether a body came from who knows the secret, signed at
// most tolerance before or after now (DefaultTolerance if zero). The error is one of
// ErrMalformed, ErrMismatch and ErrExpired. How long it takes says nothing about the
// secret.
//
// A body that is verified may still be a repetition within the tolerance: its id tells.
func Verify(header string, body, secret []byte, tolerance time.Duration, now time.Time) error {
	t, signatures, err := parse(header)
	if err != nil {
		return err
	}
	want := mac(t, body, secret)
	good := false
	for _, s := range signatures {
		good = hmac.Equal(s, want) || good
	}
	if !good {
		return ErrMismatch
	}
	unix, err := strconv.ParseInt(t, 10, 64)
	if err != nil {
		return fmt.Errorf("%w: time %q", ErrMalformed, t)
	}
	if tolerance == 0 {
		tolerance = DefaultTolerance
	}
	if age := now.Sub(time.Unix(unix, 0)); age.Abs() > tolerance {
		return fmt.Errorf("%w: it is %v old, the limit is %v", ErrExpired, age, tolerance)
	}
	return nil
}

// parse reads the fields of a header. Unknown ones are left to later versions.
func parse(header string) (t string, signatures [][]byte, err error) {
	if len(header) > maxSignature {
		return "", nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrMalformed, len(header), maxSignature)
	}
	for field := range strings.SplitSeq(header, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(field), "=")
		switch {
		case !ok:
			return "", nil, fmt.Errorf("%w: field %q", ErrMalformed, field)
		case name == "t" && t != "":
			return "", nil, fmt.Errorf("%w: two times", ErrMalformed)
		case name == "t":
			t = value
		case name == "v1":
			s, err := hex.DecodeString(value)
			if err != nil || len(s) != sha256.Size {
				return "", nil, fmt.Errorf("%w: v1 is not %d bytes in hexadecimal", ErrMalformed, sha256.Size)
			}
			signatures = append(signatures, s)
		}
	}
	if t == "" || len(signatures) == 0 || len(signatures) > maxSignatures {
		return "", nil, fmt.Errorf("%w: want one t and 1 to %d v1", ErrMalformed, maxSignatures)
	}
	return t, signatures, nil
}

func mac(t string, body, secret []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(t))
	h.Write([]byte{'.'})
	h.Write(body)
	return h.Sum(nil)
}
