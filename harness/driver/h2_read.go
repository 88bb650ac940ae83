package driver

import (
	"errors"
	"strings"
	"time"

	"golang.org/x/net/http2"

	"github.com/haproof/haproof/harness"
)

// read takes frames until the connection ends.
func (c *h2Conn) read() {
	for {
		f, err := c.in.ReadFrame()
		var ofStream http2.StreamError
		var ofConn http2.ConnectionError
		switch {
		case err == nil:
			err = c.take(f)
		case errors.As(err, &ofStream):
			c.mu.Lock()
			c.spoil(ofStream.StreamID, malformed("stream %d: %v", ofStream.StreamID, ofStream))
			c.mu.Unlock()
			err = nil
		case errors.As(err, &ofConn), errors.Is(err, http2.ErrFrameTooLarge):
			err = malformed("frame: %v", err)
		}
		if err != nil {
			c.fail(err)
			c.changed()
			return
		}
	}
}

// take takes one frame. An error ends the connection.
func (c *h2Conn) take(f http2.Frame) error {
	again, err := c.frameOf(f)
	if again {
		c.changed()
	}
	return err
}

// frameOf takes one frame and says whether it may have made room for streams, or
// taken it away.
func (c *h2Conn) frameOf(f http2.Frame) (again bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = time.Now()
	switch f := f.(type) {
	case *http2.MetaHeadersFrame:
		return false, c.header(f)
	case *http2.DataFrame:
		return false, c.data(f)
	case *http2.RSTStreamFrame:
		c.end(f.StreamID, errH2Reset)
	case *http2.WindowUpdateFrame:
		return false, c.opened(f)
	case *http2.GoAwayFrame:
		c.closing = true
		for id := range c.live {
			if id > f.LastStreamID {
				c.end(id, errH2Unprocessed)
			}
		}
		return true, nil
	case *http2.SettingsFrame:
		return true, c.settings(f)
	case *http2.PingFrame:
		if !f.IsAck() {
			_ = c.out.WritePing(true, f.Data)
		}
	case *http2.PushPromiseFrame:
		return false, malformed("a push that the client has forbidden")
	}
	return false, c.answerable()
}

// answerable has queued frames written, and refuses a peer that does not take them.
func (c *h2Conn) answerable() error {
	if c.queue.Len() > h2Unsent {
		return errH2Unread
	}
	if c.queue.Len() > 0 {
		c.work.Signal()
	}
	return nil
}

// settings takes how the peer wants to be spoken to.
func (c *h2Conn) settings(f *http2.SettingsFrame) error {
	if f.IsAck() {
		return nil
	}
	err := f.ForeachSetting(func(s http2.Setting) error {
		if err := s.Valid(); err != nil {
			return malformed("setting %v: %v", s, err)
		}
		switch s.ID {
		case http2.SettingMaxConcurrentStreams:
			c.streams = min(s.Val, h2MostStream)
		case http2.SettingMaxFrameSize:
			c.frame = int(s.Val)
		case http2.SettingHeaderTableSize:
			c.fields.SetMaxDynamicTableSizeLimit(min(s.Val, 64<<10))
		case http2.SettingInitialWindowSize:
			grown := int64(s.Val) - c.initial
			c.initial = int64(s.Val)
			for _, stream := range c.live {
				if stream.window += grown; stream.window > h2MostWindow {
					return malformed("a window of %d bytes", stream.window)
				}
			}
			c.wakeBlocked()
		}
		return nil
	})
	if err != nil {
		return err
	}
	_ = c.out.WriteSettingsAck()
	select {
	case <-c.greeted:
	default:
		close(c.greeted)
	}
	return c.answerable()
}

// opened takes that the peer takes more bytes of bodies.
func (c *h2Conn) opened(f *http2.WindowUpdateFrame) error {
	if s := c.live[f.StreamID]; s != nil {
		if s.window += int64(f.Increment); s.window > h2MostWindow {
			c.spoil(f.StreamID, malformed("a window of %d bytes", s.window))
		}
	} else if f.StreamID == 0 {
		if c.window += int64(f.Increment); c.window > h2MostWindow {
			return malformed("a window of %d bytes", c.window)
		}
	}
	c.wakeBlocked()
	return nil
}

// spoil ends a stream whose answer is none.
func (c *h2Conn) spoil(id uint32, err error) {
	if c.live[id] != nil {
		c.end(id, err)
		c.cancel(id)
	}
}

// header takes the header of an answer, of an interim one, or a trailer.
func (c *h2Conn) header(f *http2.MetaHeadersFrame) error {
	s := c.live[f.StreamID]
	switch {
	case s == nil && (f.StreamID >= c.next || f.StreamID%2 == 0):
		return malformed("an answer on stream %d, which asked nothing", f.StreamID)
	case s == nil:
		return nil // the client has left
	case s.firstByte == 0:
		s.firstByte = time.Since(s.began)
	}
	err := s.header(f)
	if err != nil {
		c.spoil(s.id, err)
		return nil
	}
	return c.progress(s, f.StreamEnded())
}

// header takes fields. What it accepts has one meaning only, as with HTTP/1.1.
func (s *h2Stream) header(f *http2.MetaHeadersFrame) error {
	switch {
	case f.Truncated:
		return malformed("a header of more than %d bytes", h2HeaderBytes)
	case s.answered && (!f.StreamEnded() || len(f.PseudoFields()) > 0):
		return malformed("two headers")
	case s.answered:
		return nil
	}
	text := f.PseudoValue("status")
	status, ok := number([]byte(text), 10)
	if !ok || len(text) != 3 || status < 100 || status > 599 || status == 101 || len(f.PseudoFields()) != 1 {
		return malformed("status %.40q", text)
	}
	if status < 200 {
		if s.interim++; s.interim == maxInterim || f.StreamEnded() {
			return malformed("%d interim answers, the last one without an end: %v", s.interim, !f.StreamEnded())
		}
		return nil
	}
	s.answered, s.answer.status = true, int(status)
	for _, field := range f.RegularFields() {
		switch field.Name {
		case "connection", "transfer-encoding", "keep-alive", "upgrade", "proxy-connection":
			return malformed("field %s, which HTTP/2 does not have", field.Name)
		case "content-length":
			n, ok := number([]byte(field.Value), 10)
			if !ok || s.sized && n != s.length {
				return malformed("content length %.40q", field.Value)
			}
			s.sized, s.length = true, n
		case h2PHPHeader:
			s.answer.php = field.Value == "1"
		case "set-cookie":
			if s.cookies != nil {
				s.cookies.set([]byte(field.Value), time.Now())
			}
		}
	}
	if s.head || status == 204 || status == 304 {
		s.sized, s.length = true, 0
	}
	return nil
}

var h2PHPHeader = strings.ToLower(harness.PHPHeader)

// data takes a piece of a body.
func (c *h2Conn) data(f *http2.DataFrame) error {
	took := int64(f.Length) // padding included
	// Bodies are dropped as they come, so a peer that sends more than it may is of no harm.
	if c.granted -= took; c.granted < h2ConnWindow/2 {
		_ = c.out.WriteWindowUpdate(0, uint32(h2ConnWindow-c.granted))
		c.granted = h2ConnWindow
	}
	s := c.live[f.StreamID]
	switch {
	case s == nil && (f.StreamID >= c.next || f.StreamID%2 == 0):
		return malformed("a body on stream %d, which asked nothing", f.StreamID)
	case s == nil: // the client has left
		return c.answerable()
	}
	s.granted -= took
	s.answer.bytes += uint64(len(f.Data()))
	switch {
	case !s.answered, s.sized && s.answer.bytes > s.length:
		c.spoil(s.id, malformed("a body before its header, or longer than it may be"))
		return c.answerable()
	case s.granted < h2StreamWindow/2 && !f.StreamEnded():
		_ = c.out.WriteWindowUpdate(s.id, uint32(h2StreamWindow-s.granted))
		s.granted = h2StreamWindow
	}
	if err := c.progress(s, f.StreamEnded()); err != nil {
		return err
	}
	return c.answerable()
}

// progress ends a stream whose answer is complete, or as much of it as its client
// waits for.
func (c *h2Conn) progress(s *h2Stream, ended bool) error {
	enough := s.leave == harness.AbortHeaders && s.answered || s.leave == harness.AbortBody && s.answer.bytes > 0
	switch {
	case ended && s.sized && s.answer.bytes != s.length:
		c.end(s.id, malformed("a body of %d bytes in place of %d", s.answer.bytes, s.length))
	case ended:
		c.end(s.id, nil)
	case enough:
		s.answer.short = true
		c.end(s.id, nil)
		c.cancel(s.id)
	}
	return nil
}
