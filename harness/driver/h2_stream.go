package driver

import (
	"errors"
	"os"
	"time"

	"golang.org/x/net/http2"

	"github.com/haproof/haproof/harness"
)

// h2Stream is one attempt on its connection, whose lock guards it until it is done.
type h2Stream struct {
	h2Ending
	id      uint32
	began   time.Time
	at, end uint64        // its place in what the connection has queued, without the body
	window  int64         // bytes of its body that the peer takes
	granted int64         // bytes of the answer's body that the peer may send
	wake    chan struct{} // bytes were written, or a window opened; holds one
	done    chan struct{} // closed at its end

	head     bool
	leave    harness.AbortWhen
	cookies  *cookies // where what it sets goes; nil where nobody keeps any
	answered bool     // the final header has come
	interim  int
	sized    bool
	length   uint64 // of the body, where the header says it
}

// h2Ending is how a stream ended.
type h2Ending struct {
	answer    answer
	sent      bool // bytes of it may have left
	err       error
	firstByte time.Duration
}

// open queues the header of an attempt. Nothing of it has left after an error.
func (c *h2Conn) open(head []h2Field, whole bool, target *Target) (*h2Stream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queue.Len() > h2Unsent {
		c.closing = true
	}
	if c.err != nil || c.closing || c.next >= h2MostStream {
		return nil, errH2Closing
	}
	s := &h2Stream{
		id: c.next, began: time.Now(), at: c.queued(), window: c.initial, granted: h2StreamWindow,
		wake: make(chan struct{}, 1), done: make(chan struct{}), head: target.Method == "HEAD", leave: target.Leave, cookies: cookiesOf(target.Who),
	}
	c.next += 2
	c.live[s.id] = s
	c.block.Reset()
	for _, f := range head {
		_ = c.fields.WriteField(f)
	}
	block := c.block.Bytes()
	n := min(len(block), c.frame)
	_ = c.out.WriteHeaders(http2.HeadersFrameParam{StreamID: s.id, BlockFragment: block[:n], EndStream: whole, EndHeaders: n == len(block)})
	for block = block[n:]; len(block) > 0; block = block[n:] {
		n = min(len(block), c.frame)
		_ = c.out.WriteContinuation(s.id, n == len(block), block[:n])
	}
	s.end = c.queued()
	c.work.Signal()
	return s, nil
}

// push queues what the peer takes of a body and returns the rest of it, and whether
// there is something to wait for: room for the rest, or, where the client is to leave
// as soon as it has asked, that all is written.
func (c *h2Conn) push(s *h2Stream, body []byte) (rest []byte, waiting bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(body) > 0 && c.live[s.id] == s && c.queue.Len() < h2BodiesUnsent {
		n := int(min(int64(len(body)), int64(c.frame), c.window, s.window))
		if n <= 0 {
			break
		}
		_ = c.out.WriteData(s.id, n == len(body), body[:n])
		c.window -= int64(n)
		s.window -= int64(n)
		body = body[n:]
		s.end = c.queued()
		c.work.Signal()
	}
	if c.live[s.id] != s || len(body) == 0 && (s.leave != harness.AbortAsked || c.written >= s.end) {
		return body, false
	}
	c.blocked = append(c.blocked, s)
	return body, true
}

// wakeBlocked lets those that wait for room look again. The caller holds the lock.
func (c *h2Conn) wakeBlocked() {
	for _, s := range c.blocked {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
	c.blocked = c.blocked[:0]
}

// leave ends a stream on the client's side, unless it has ended by itself: with an
// error, or with what came of the answer.
func (c *h2Conn) leave(s *h2Stream, err error) h2Ending {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.live[s.id] == s:
		c.end(s.id, err)
		s.sent = true // what is queued will be written
		c.cancel(s.id)
		// Nothing at all came while a client's whole patience lasted: others had better
		// try another connection.
		if errors.Is(err, os.ErrDeadlineExceeded) && c.heard.Before(s.began) {
			c.closing = true
		}
	case s.err == nil && err == nil:
		c.cancel(s.id) // the peer has not had the whole body, and wants no more of it
	case s.err == nil && errors.Is(err, errLeft):
		s.err = err // it did not look at the answer
	}
	return s.h2Ending
}

// cancel tells the peer that a stream is of no interest any more.
func (c *h2Conn) cancel(id uint32) {
	if c.err == nil {
		_ = c.out.WriteRSTStream(id, http2.ErrCodeCancel)
		c.work.Signal()
	}
}

// end notes how a stream ended. The caller holds the lock.
func (c *h2Conn) end(id uint32, err error) {
	s := c.live[id]
	if s == nil {
		return
	}
	delete(c.live, id)
	s.err = err
	s.sent = s.at < c.handed && !errors.Is(err, errH2Unprocessed)
	close(s.done)
}

// queued is where in all that the connection sends the next byte has its place.
func (c *h2Conn) queued() uint64 { return c.handed + uint64(c.queue.Len()) }

// write writes what is queued until the connection ends.
func (c *h2Conn) write() {
	var batch []byte
	for {
		c.mu.Lock()
		for c.queue.Len() == 0 && c.err == nil {
			c.work.Wait()
		}
		if c.err != nil {
			c.mu.Unlock()
			return
		}
		batch = append(batch[:0], c.queue.Bytes()...)
		c.queue.Reset()
		c.handed += uint64(len(batch))
		c.mu.Unlock()
		before := c.gauge.taken.Load()
		err := errors.Join(c.secure.SetWriteDeadline(time.Now().Add(c.timeout)))
		if err == nil {
			_, err = c.secure.Write(batch)
		}
		c.mu.Lock()
		switch {
		case err == nil:
			c.written = c.handed
			c.wakeBlocked()
		case c.gauge.taken.Load() == before:
			c.handed -= uint64(len(batch)) // nothing of it left
		}
		c.mu.Unlock()
		if err != nil {
			c.fail(err)
			return
		}
	}
}
