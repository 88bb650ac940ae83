package peers

import (
	"fmt"
	"io"
)

const (
	// readSize is how much a session reads at once, in bytes: a few thousand updates.
	readSize = 64 << 10
	// greetingSize is how much it reads at once before it knows who calls.
	greetingSize = 2 * maxHello
)

// inbox holds what was read from a connection and is not decoded yet.
type inbox struct {
	buf        []byte
	start, end int
}

// newInbox returns an inbox in which a message of that many bytes always fits.
func newInbox(size int) inbox { return inbox{buf: make([]byte, size)} }

// grow makes room for longer messages. What was not read yet stays.
func (i *inbox) grow(size int) {
	buf := make([]byte, size)
	i.end = copy(buf, i.unread())
	i.buf, i.start = buf, 0
}

func (i *inbox) unread() []byte { return i.buf[i.start:i.end] }

func (i *inbox) skip(n int) { i.start += n }

// fill reads once. It returns nil if anything was read, so that an error that
// arrives together with the last bytes comes up only after they were decoded.
func (i *inbox) fill(r io.Reader) error {
	if i.start > 0 {
		i.end = copy(i.buf, i.unread())
		i.start = 0
	}
	if i.end == len(i.buf) {
		return fmt.Errorf("%w: %d bytes without a complete message", ErrSize, i.end)
	}
	n, err := r.Read(i.buf[i.end:])
	i.end += n
	if n > 0 {
		return nil
	}
	if err == nil {
		return io.ErrNoProgress
	}
	return err
}
