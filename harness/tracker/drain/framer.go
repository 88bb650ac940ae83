package drain

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// errTooLong marks a line that is longer than the limit. After it the framer goes on
// with the next one.
var errTooLong = errors.New("line too long")

// framer cuts a stream into messages, as RFC 6587 wants: "17 <134>1 …", a count of
// bytes, or one message to a line. A message that is not counted therefore must not
// begin with a number and a space.
type framer struct {
	r     *bufio.Reader
	limit int // bytes of a message
	taken int // bytes of the last message, which are still in r
}

// countDigits bounds the digits of a count.
const countDigits = 7

func newFramer(r io.Reader, limit int) *framer {
	return &framer{r: bufio.NewReaderSize(r, limit+countDigits+1), limit: limit}
}

// buffered says whether bytes of a further message have been read.
func (f *framer) buffered() bool { return f.r.Buffered() > f.taken }

// begin waits for the first byte of a message.
func (f *framer) begin() error {
	if _, err := f.r.Discard(f.taken); err != nil {
		return err
	}
	f.taken = 0
	_, err := f.r.Peek(1)
	return err
}

// next returns the message that has begun. It is valid until the next call of begin.
func (f *framer) next() ([]byte, error) {
	count, digits, err := f.count()
	if err != nil {
		return nil, err
	}
	if digits == 0 {
		return f.line()
	}
	if count > f.limit {
		return nil, fmt.Errorf("message of %d bytes, limit %d", count, f.limit)
	}
	if _, err := f.r.Discard(digits + 1); err != nil {
		return nil, err
	}
	b, err := f.r.Peek(count)
	if err != nil {
		return nil, cutShort(err)
	}
	f.taken = count
	return b, nil
}

// count reads the count of bytes in front of a message; digits is 0 if there is none.
func (f *framer) count() (count, digits int, err error) {
	for i := range countDigits + 1 {
		b, err := f.r.Peek(i + 1)
		if errors.Is(err, io.EOF) {
			return 0, 0, nil
		}
		if err != nil {
			return 0, 0, err
		}
		c := b[i]
		switch {
		case c == ' ' && i > 0:
			return count, i, nil
		case c < '0' || c > '9' || i == 0 && c == '0':
			return 0, 0, nil
		}
		count = 10*count + int(c-'0')
	}
	return 0, 0, nil
}

// line reads to the end of the line, or of the stream.
func (f *framer) line() ([]byte, error) {
	b, err := f.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = f.r.ReadSlice('\n')
		}
		return nil, errTooLong
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(b) > f.limit+1 {
		return nil, errTooLong
	}
	return b, nil
}

func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
