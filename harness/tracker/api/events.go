package api

import (
	"bytes"
	"fmt"
	"net/http"
	"time"
)

const (
	maxStreams    = 64
	heartbeat     = 15 * time.Second
	streamTimeout = 10 * time.Second // for a client to take what is written
)

// reset tells a client that it has missed events and must read anew what it shows.
const reset = "event: reset\ndata: {\"reason\":%q}\n\n"

// serveEvents answers GET /v1/events until the client leaves or is too slow.
func (a *API) serveEvents(w http.ResponseWriter, r *http.Request) error {
	if _, err := paramsOf(r); err != nil {
		return err
	}
	if !a.metrics.enterStream() {
		return busy("%d clients listen to events already, the limit", maxStreams)
	}
	defer a.metrics.leaveStream()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // for proxies that collect answers
	if r.Method == http.MethodHead {
		return nil
	}
	s := stream{w: w, control: http.NewResponseController(w), timeout: a.streamTimeout}
	if err := s.control.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	next := a.events.end()
	s.printf("retry: 2000\n\n")
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		if seen, ok := a.events.resume(id); ok {
			next = seen
		} else {
			s.printf(reset, "these events are of another life of the tracker")
		}
	}
	return gone(a.stream(r, &s, next))
}

// stream passes events on from a number on.
func (a *API) stream(r *http.Request, s *stream, next uint64) error {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for first := true; ; first = false {
		n := a.events.after(next)
		if n.lost && !first {
			s.printf("event: dropped\ndata: {\"reason\":\"too slow: events were lost\"}\n\n")
			return s.flush()
		}
		if n.lost {
			s.printf(reset, "events after the last one seen are gone")
		}
		for _, e := range n.events {
			s.text.Write(e.text)
		}
		next = n.next
		if err := s.flush(); err != nil || n.closed {
			return err
		}
		select {
		case <-n.more:
		case <-beat.C:
			s.printf(": still here\n\n")
		case <-r.Context().Done():
			return r.Context().Err()
		}
	}
}

// stream writes to one client.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
	text    bytes.Buffer // not written yet
}

func (s *stream) printf(format string, args ...any) { fmt.Fprintf(&s.text, format, args...) }

// flush sends what was collected, and gives up on a client that does not take it.
func (s *stream) flush() error {
	if err := s.control.SetWriteDeadline(time.Now().Add(s.timeout)); err != nil {
		return err
	}
	if _, err := s.text.WriteTo(s.w); err != nil {
		return err
	}
	return s.control.Flush()
}
