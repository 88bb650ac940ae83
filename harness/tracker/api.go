package tracker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// stopTimeout is how long answers under way may take when the Server stops.
const stopTimeout = time.Second

// Report is the answer to GET /v1/counts.
type Report struct {
	Table     string                  `json:"table"`
	Total     uint64                  `json:"total"`     // sum over the customers
	Customers map[string]uint64       `json:"customers"` // never null; '%' and bytes that are no UTF-8 are written %XX
	Sources   map[string]SourceReport `json:"sources"`   // never null; every peer that was ever connected
}

// SourceReport is what the tracker knows about one peer. The numbers count from the
// start of the tracker.
type SourceReport struct {
	Sessions              int     `json:"sessions"`              // open now; 2 for a moment during a reload
	PID                   int     `json:"pid"`                   // of the newest process, 0 if it never called us
	Resync                string  `json:"resync"`                // of the newest session: asked, partial or finished
	LastMessageAgeSeconds float64 `json:"lastMessageAgeSeconds"` // HAProxy beats every 3 s
	Updates               uint64  `json:"updates"`               // of the table, repetitions included
	Restarts              uint64  `json:"restarts"`              // times that a new process appeared; needs the pid
	Decreases             uint64  `json:"decreases"`             // keys that began again at zero: lost in HAProxy
	Ignored               uint64  `json:"ignored"`               // older copies of what was known
	Refused               uint64  `json:"refused"`               // not counted: the key has no generation, or a limit was reached
}

// Counts returns what GET /v1/counts answers.
func (s *Server) Counts() Report {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	totals := s.counter.Totals()
	r := Report{
		Table: s.table[1:], Total: totals.Total, Customers: namedInText(totals.Customers),
		Sources: make(map[string]SourceReport, len(s.sources)),
	}
	for name, src := range s.sources {
		r.Sources[name] = src.report(now)
	}
	return r
}

func (s *source) report(now time.Time) SourceReport {
	return SourceReport{
		Sessions: len(s.sessions), PID: s.pid, Resync: s.resync(),
		LastMessageAgeSeconds: now.Sub(s.heard).Seconds(),
		Updates:               s.counters.updates, Restarts: s.counters.restarts, Decreases: s.counters.decreases,
		Ignored: s.counters.ignored, Refused: s.counters.refused,
	}
}

// Ready returns nil when at least one peer is connected and all that are have told
// everything they know.
func (s *Server) Ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := 0
	for name, src := range s.sources {
		for _, f := range src.sessions {
			open++
			if f.resync != resyncFinished {
				return fmt.Errorf("resync with %s: %s", name, f.resync)
			}
		}
	}
	if open == 0 {
		return errors.New("no peer is connected")
	}
	return nil
}

func (s *Server) serveHTTP(ctx context.Context) error {
	server := &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      30 * time.Second,
		MaxHeaderBytes:    16 << 10,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(s.api) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if server.Shutdown(stop) != nil {
		_ = server.Close() // what is still being answered is cut
	}
	<-served
	return nil
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/counts", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(s.Counts()) // the client is gone: nobody to tell
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := s.Ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	return mux
}
