package api

import (
	"fmt"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

// health is a sentence about whether the counts can be relied on.
type health struct{ Class, Word, Text string }

// The classes of health, as the style has them.
const (
	classOK   = "ok"
	classWarn = "warn"
	classBad  = "bad"
)

func (a *API) health() health {
	if since, err := a.server.StoreFailure(); err != nil {
		return health{classBad, "Nothing is committed", fmt.Sprintf("since %s (%s): %v. HAProxy keeps what is not acknowledged, and tells it again.",
			since.UTC().Format("2006-01-02 15:04:05 UTC"), ago(time.Since(since)), err)}
	}
	if a.cfg.Journal != nil {
		if err := a.cfg.Journal().FoldErr; err != nil {
			return health{classWarn, "Durable, but the journal grows:", err.Error() + "."}
		}
	}
	if !a.live.summary().durable {
		return health{classWarn, "Commits are slow.", "The newest counts are not durable yet."}
	}
	if err := a.server.Ready(); err != nil {
		return health{classWarn, "Not ready:", err.Error() + "."}
	}
	if !a.server.Stored() {
		return health{classWarn, "Complete, but not kept:", "there is no store; the counts end with the program."}
	}
	return health{classOK, "Complete and durable.", "Every HAProxy that is connected has told all it knows, and all of it is committed."}
}

// sourceCard is how the page shows a source.
type sourceCard struct {
	Name, Class, Word, Text string
	Facts                   []fact
}

// quietAfter is the age of the last message from which on a source is in trouble:
// HAProxy beats every 3 s.
const quietAfter = 6 * time.Second

func (a *API) sourceCards() []sourceCard {
	now := time.Now()
	var cards []sourceCard
	for _, s := range a.server.Sources() {
		cards = append(cards, cardOf(s, now))
	}
	return cards
}

func cardOf(s tracker.SourceState, now time.Time) sourceCard {
	age := now.Sub(s.Heard)
	c := sourceCard{Name: s.Name, Class: classOK, Word: "in sync", Text: fmt.Sprintf("heard %s ago", ago(age))}
	if age < 2*time.Second {
		c.Text = "heard just now"
	}
	if s.Heard.IsZero() {
		c.Text = "not heard since the tracker started"
	}
	switch {
	case s.Sessions == 0:
		c.Class, c.Word = classBad, "away"
	case age > quietAfter:
		c.Class, c.Word = classBad, "silent"
	case s.Resync != resyncFinished:
		c.Class, c.Word = classWarn, "resync "+s.Resync
	}
	if s.PID != 0 {
		c.Text += fmt.Sprintf(", pid %d", s.PID)
	}
	c.Facts = []fact{{Name: "counted", Value: grouped(s.Total)}, {Name: "updates", Value: grouped(s.Updates())}}
	if s.Sessions > 1 {
		c.Facts = append(c.Facts, fact{Name: "sessions", Value: fmt.Sprint(s.Sessions)})
	}
	for _, f := range []struct {
		name string
		n    uint64
	}{
		{"restarts", s.Restarts},
		{"decreases", s.Effects[tracker.Restarted]},
		{"ignored", s.Effects[tracker.Ignored]},
		{"foreign", s.Effects[tracker.Foreign]},
		{"refused", s.Effects[tracker.Refused]},
	} {
		if f.n > 0 {
			c.Facts = append(c.Facts, fact{Name: f.name, Value: grouped(f.n)})
		}
	}
	return c
}
