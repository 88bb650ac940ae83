package stats

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// LongestText bounds what Decode takes, in bytes. A full histogram needs a tenth of it.
const LongestText = 1 << 20

// Encode returns the histogram in the format of HdrHistogram that is called V2,
// compressed and in base64, which its tools read and merge. Values are nanoseconds.
// What is exact beyond the buckets (minimum, maximum, mean, Beyond) is not in it.
func (h *Histogram) Encode() (string, error) {
	text, err := h.buckets.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		return "", err
	}
	inside, err := unpack(string(text))
	if err != nil {
		return "", err
	}
	// Version 1.2.0 of the library claims here that the buckets are rotated by one,
	// which they are not. It ignores that itself; others shift every value by a bucket
	// (HdrHistogram/hdrhistogram-go, pull request 66).
	binary.BigEndian.PutUint32(inside[8:], 0)
	return pack(inside)
}

// envelope is what stands before the compressed part: a cookie and the length.
const envelope = 8

// pack compresses the inside of a histogram.
func pack(inside []byte) (string, error) {
	out := bytes.NewBuffer(make([]byte, envelope))
	z, err := zlib.NewWriterLevel(out, zlib.BestCompression)
	if err != nil {
		return "", err
	}
	_, err = z.Write(inside)
	if err := errors.Join(err, z.Close()); err != nil {
		return "", err
	}
	b := out.Bytes()
	const wordless = 0x10 // in the cookie: counts have no fixed width
	binary.BigEndian.PutUint32(b, uint32(hdrhistogram.V2CompressedEncodingCookieBase)|wordless)
	binary.BigEndian.PutUint32(b[4:], uint32(len(b)-envelope))
	return base64.StdEncoding.EncodeToString(b), nil
}

// ErrEncoding says that a text is no histogram of this package's range.
var ErrEncoding = errors.New("not a V2 histogram of 1 ns to 1 h with three digits")

// Decode is the reverse of Encode. Minimum, maximum and mean are then as exact as
// the buckets, within a thousandth.
func Decode(text string) (h *Histogram, err error) {
	if _, err := unpack(text); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEncoding, err)
	}
	defer func() { // the library trusts the counts within: a place beyond the last bucket makes it panic
		if p := recover(); p != nil {
			h, err = nil, fmt.Errorf("%w: %v", ErrEncoding, p)
		}
	}()
	buckets, err := hdrhistogram.Decode([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEncoding, err)
	}
	if buckets.LowestTrackableValue() != int64(Lowest) || buckets.HighestTrackableValue() != int64(Highest) || buckets.SignificantFigures() != significantDigits {
		return nil, ErrEncoding
	}
	h = &Histogram{buckets: buckets}
	if h.Count() > 0 {
		h.min, h.max = time.Duration(buckets.Min()), min(time.Duration(buckets.Max()), Highest)
		for _, bar := range buckets.Distribution() { // the library's own mean overflows
			h.add(bits.Mul64(uint64(bar.From+bar.To)/2, uint64(bar.Count)))
		}
	}
	return h, nil
}

// Within puts the exact ends back that Encode does not keep: least and most are the
// shortest and the longest duration that were recorded. Others than the buckets tell of
// are an ErrEncoding.
func (h *Histogram) Within(least, most time.Duration) error {
	near := func(exact, bucket time.Duration) bool { return max(exact-bucket, bucket-exact) <= bucket/1000+1 }
	if h.Count() == 0 || least > most || !near(least, h.min) || !near(most, h.max) {
		return fmt.Errorf("%w: its ends are %v and %v, not %v and %v", ErrEncoding, h.min, h.max, least, most)
	}
	h.min, h.max = least, most
	return nil
}

// unpack returns the inside of a histogram, header and counts. It looks at what the
// library takes on trust: lengths.
func unpack(text string) ([]byte, error) {
	if len(text) > LongestText {
		return nil, fmt.Errorf("longer than %d bytes", LongestText)
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	if len(raw) < envelope {
		return nil, io.ErrUnexpectedEOF
	}
	z, err := zlib.NewReader(bytes.NewReader(raw[envelope:]))
	if err != nil {
		return nil, err
	}
	inside, err := io.ReadAll(io.LimitReader(z, LongestText+1))
	switch {
	case err != nil:
		return nil, err
	case len(inside) < hdrhistogram.ENCODING_HEADER_SIZE:
		return nil, io.ErrUnexpectedEOF
	case len(inside) > LongestText:
		return nil, fmt.Errorf("longer than %d bytes inside", LongestText)
	}
	return inside, nil
}
