package driver

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
)

// dropChunks reads a chunked body and its trailers and returns its length.
func dropChunks(r *bufio.Reader) (uint64, error) {
	var total uint64
	for {
		line, err := readLine(r)
		if err != nil {
			return total, err
		}
		digits, _, _ := bytes.Cut(line, []byte(";"))
		size, ok := number(bytes.TrimRight(digits, " \t"), 16)
		if !ok || total+size < total {
			return total, malformed("chunk size %.40q", line)
		}
		if size == 0 {
			_, err := readHeader(r, &answer{})
			return total, err
		}
		if err := drop(r, size); err != nil {
			return total, err
		}
		total += size
		if end, err := readLine(r); err != nil || len(end) > 0 {
			return total, errors.Join(err, malformed("chunk longer than its size"))
		}
	}
}

// drop reads and forgets n bytes.
func drop(r *bufio.Reader, n uint64) error {
	for n > 0 {
		step, err := r.Discard(int(min(n, math.MaxInt32)))
		n -= uint64(step)
		if err != nil {
			return endedEarly(err)
		}
	}
	return nil
}

// dropAll reads and forgets everything until the end.
func dropAll(r *bufio.Reader) (uint64, error) {
	n, err := io.Copy(io.Discard, r)
	return uint64(n), err
}

func endedEarly(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// number parses digits of base 10 or 16, and nothing else.
func number(digits []byte, base uint64) (uint64, bool) {
	if len(digits) == 0 || len(digits) > 15 {
		return 0, false
	}
	var n uint64
	for _, c := range digits {
		d := uint64(16)
		switch {
		case '0' <= c && c <= '9':
			d = uint64(c - '0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			d = uint64(c|0x20-'a') + 10
		}
		if d >= base {
			return 0, false
		}
		n = n*base + d
	}
	return n, true
}
