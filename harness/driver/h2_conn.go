package driver

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/haproof/haproof/harness"
)

// What this client lets a peer send, and bounds.
const (
	h2StreamWindow = 1 << 20  // bytes of one body before the client has looked at them
	h2ConnWindow   = 16 << 20 // of all bodies of a connection
	h2HeaderBytes  = 64 << 10 // of an answer's header, fields counted as in RFC 7541, 4.1
	// h2Unsent bounds what waits to be written on a connection: a peer that asks for
	// answers and takes none, or that has stopped reading, makes it grow.
	h2Unsent = 4 << 20
	// h2BodiesUnsent is how much may wait before a body waits with it.
	h2BodiesUnsent = 256 << 10
)

// What RFC 9113, 6.5.2 says of a peer that has not said anything else.
const (
	h2UsualWindow = 65_535
	h2UsualFrame  = 16_384
	h2MostWindow  = 1<<31 - 1
	h2MostStream  = 1<<31 - 1 // identifier
)

var (
	errH2Closing     = errors.New("the connection takes no further attempt")
	errH2Unprocessed = errors.New("the peer ended the connection without looking at this stream")
	errH2Reset       = errors.New("the peer reset the stream")
	errH2Unread      = errors.New("the peer reads nothing of what is sent")
)

// h2Conn is one connection over HTTP/2. One goroutine reads it and one writes what
// all attempts have queued, so no attempt waits for another's bytes with a lock held.
type h2Conn struct {
	secure  *tls.Conn
	gauge   *h2Gauge
	raw     syscall.RawConn
	timeout time.Duration
	changed func()        // attempts that wait for a stream should look again
	greeted chan struct{} // closed when the peer has said how it wants to be spoken to
	in      *http2.Framer

	users   int    // attempts that use it, with carried and retired the pool's
	carried uint64 // attempts so far
	retired bool   // it takes no more of them and ends with the last

	mu      sync.Mutex
	work    sync.Cond // something is queued, or the connection has failed
	queue   bytes.Buffer
	out     *http2.Framer // into queue
	fields  *hpack.Encoder
	block   bytes.Buffer // what fields writes
	handed  uint64       // bytes that were taken out of queue to be written, and so may have left
	written uint64       // of these, what the kernel has certainly taken

	live    map[uint32]*h2Stream
	blocked []*h2Stream // those that wait for bytes to be written or windows to open
	next    uint32      // identifier of the next stream
	streams uint32      // that the peer takes at a time
	window  int64       // bytes of bodies that the peer takes
	initial int64       // likewise of a new stream
	frame   int         // longest frame that the peer takes
	granted int64       // bytes of bodies that the peer may send
	heard   time.Time   // when the last frame came
	closing bool        // it takes no further streams
	err     error       // why it has ended
}

// h2Gauge counts the bytes that the kernel took.
type h2Gauge struct {
	net.Conn
	taken atomic.Uint64
}

func (g *h2Gauge) Write(b []byte) (int, error) {
	n, err := g.Conn.Write(b)
	g.taken.Add(uint64(n))
	return n, err
}

// newH2Conn queues the client's greeting.
func newH2Conn(secure *tls.Conn, gauge *h2Gauge, raw syscall.RawConn, timeout time.Duration, changed func()) *h2Conn {
	c := &h2Conn{
		secure: secure, gauge: gauge, raw: raw, timeout: timeout, changed: changed,
		greeted: make(chan struct{}), in: http2.NewFramer(nil, bufio.NewReaderSize(secure, answerBuffer)),
		live: map[uint32]*h2Stream{}, next: 1, streams: 1<<32 - 1,
		window: h2UsualWindow, initial: h2UsualWindow, frame: h2UsualFrame, granted: h2ConnWindow,
	}
	c.work.L = &c.mu
	c.in.SetReuseFrames()
	c.in.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.in.MaxHeaderListSize = h2HeaderBytes
	c.in.SetMaxReadFrameSize(h2UsualFrame)
	c.out, c.fields = http2.NewFramer(&c.queue, nil), hpack.NewEncoder(&c.block)
	c.queue.WriteString(http2.ClientPreface)
	_ = c.out.WriteSettings( // into memory, as all that follows
		http2.Setting{ID: http2.SettingEnablePush, Val: 0},
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: h2StreamWindow},
		http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: h2HeaderBytes},
	)
	_ = c.out.WriteWindowUpdate(0, h2ConnWindow-h2UsualWindow)
	return c
}

// awaitGreeting waits for the peer's settings.
func (c *h2Conn) awaitGreeting(deadline time.Time) error {
	if !awaitUntil(c.greeted, deadline) {
		return os.ErrDeadlineExceeded
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// takes says whether it takes another stream some time, and how many at a time.
func (c *h2Conn) takes() (open bool, streams int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err == nil && !c.closing && c.next < h2MostStream, int(c.streams)
}

// hungUp says whether the peer has closed an idle connection, which the reader may
// not have seen yet.
func (c *h2Conn) hungUp() bool {
	var gone bool
	return c.raw.Control(func(fd uintptr) { gone = hungUp(fd) }) != nil || gone
}

// fail ends the connection and all its streams.
func (c *h2Conn) fail(err error) {
	c.mu.Lock()
	first := c.err == nil
	if first {
		c.err = err
		for id := range c.live {
			c.end(id, err)
		}
		select {
		case <-c.greeted:
		default:
			close(c.greeted)
		}
		c.work.Signal()
	}
	c.mu.Unlock()
	switch {
	case !first:
	case errors.Is(err, errH2Closing):
		_ = c.secure.Close()
	default:
		_ = c.gauge.Close() // a goodbye could block
	}
}

// exchange sends the attempt once and waits for its answer: the complete one, unless
// the target has the client leave before.
func (c *h2Conn) exchange(seq uint64, target *Target, deadline time.Time) h2Ending {
	patience := time.NewTimer(time.Until(deadline))
	defer patience.Stop()
	head, body := h2Fields(appendAttempt(nil, seq, target, target.Path))
	s, err := c.open(head, len(body) == 0, target)
	if err != nil {
		return h2Ending{err: err}
	}
	for waiting := true; waiting; {
		if body, waiting = c.push(s, body); !waiting {
			break
		}
		select {
		case <-s.wake:
		case <-s.done:
			waiting = false
		case <-patience.C:
			return c.leave(s, os.ErrDeadlineExceeded)
		}
	}
	if target.Leave == harness.AbortAsked {
		return c.leave(s, errLeft)
	}
	select {
	case <-s.done:
	case <-patience.C:
		return c.leave(s, os.ErrDeadlineExceeded)
	}
	if len(body) > 0 {
		return c.leave(s, nil) // answered early: the peer wants no more of it
	}
	return s.h2Ending
}
