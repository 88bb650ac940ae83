package api

import (
	"net/http"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

// Source is what the tracker knows about one peer. Numbers without another explanation
// count from the start of the tracker.
type Source struct {
	Name                  string   `json:"name,omitempty"`        // not in Counts, where it is the key
	Total                 uint64   `json:"total"`                 // counted since ever, by durable counts and others
	Sessions              int      `json:"sessions"`              // open now; 2 for a moment during a reload
	PID                   int      `json:"pid"`                   // of the newest process, 0 if it never called us
	Generation            string   `json:"generation"`            // in which its process counts, empty if that is not known
	Generations           int      `json:"generations"`           // that count; its log and the sum of old ones are two more
	ClosedGenerations     int      `json:"closedGenerations"`     // that do not count any more
	Resync                string   `json:"resync"`                // of the newest session: asked, partial or finished
	LastMessageAgeSeconds *float64 `json:"lastMessageAgeSeconds"` // null if none came since the tracker started; HAProxy beats every 3 s
	Updates               uint64   `json:"updates"`               // of the table, repetitions included
	Restarts              uint64   `json:"restarts"`              // times that a new process appeared; needs the pid
	Decreases             uint64   `json:"decreases"`             // keys that began again at zero: lost in HAProxy
	Ignored               uint64   `json:"ignored"`               // older copies of what was known
	Foreign               uint64   `json:"foreign"`               // copies of what another source counts
	Delayed               uint64   `json:"delayed"`               // plain keys only: kept in mind until the peer has told everything
	Refused               uint64   `json:"refused"`               // not counted: the key has no generation, or a limit was reached
}

// Sources is the answer to GET /v1/sources.
type Sources struct {
	Table   string   `json:"table"`
	Sources []Source `json:"sources"` // never null; by name
}

func sourceOf(s tracker.SourceState, now time.Time) Source {
	return Source{
		Total: s.Total, Sessions: s.Sessions, PID: s.PID, Generation: tracker.InText(s.Generation),
		Generations: s.Books, ClosedGenerations: s.Closed, Resync: s.Resync, LastMessageAgeSeconds: age(s, now),
		Updates: s.Updates(), Restarts: s.Restarts, Decreases: s.Effects[tracker.Restarted],
		Ignored: s.Effects[tracker.Ignored], Foreign: s.Effects[tracker.Foreign],
		Delayed: s.Effects[tracker.Delayed], Refused: s.Effects[tracker.Refused],
	}
}

// age is how old the last message is, nil if there was none.
func age(s tracker.SourceState, now time.Time) *float64 {
	if s.Heard.IsZero() {
		return nil
	}
	seconds := now.Sub(s.Heard).Seconds()
	return &seconds
}

// serveSources answers GET /v1/sources.
func (a *API) serveSources(w http.ResponseWriter, r *http.Request) error {
	if _, err := paramsOf(r); err != nil {
		return err
	}
	return writeJSON(w, Sources{Table: a.server.Table(), Sources: a.sources()})
}

func (a *API) sources() []Source {
	now := time.Now()
	states := a.server.Sources()
	all := make([]Source, len(states))
	for i, s := range states {
		all[i] = sourceOf(s, now)
		all[i].Name = s.Name
	}
	return all
}

// serveSource answers GET /v1/sources/{name}.
func (a *API) serveSource(w http.ResponseWriter, r *http.Request) error {
	if _, err := paramsOf(r); err != nil {
		return err
	}
	name := r.PathValue("name")
	for _, s := range a.sources() {
		if s.Name == name {
			return writeJSON(w, s)
		}
	}
	return problemf(http.StatusNotFound, "no source %q was ever connected", name)
}
