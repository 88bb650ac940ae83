package peers

import (
	"fmt"
	"io"
)

// readSize is how much a session reads at once, in bytes: a few thousand updates.
const readSize = 64 << 10

// inbox holds what was read from a connection and is not decoded yet.
type inbox struct {
	buf        []byte
	start, end int
}

// newInbox returns an inbox in which a frame of that many bytes always fits.
func newInbox(frame int) inbox {
	return inbox{buf: make([]byte, max(readSize, frame))}
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
