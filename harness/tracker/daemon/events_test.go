package daemon

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

func TestAFloodOfEventsDoesNotFloodTheLog(t *testing.T) {
	var out bytes.Buffer
	l := newEvents(slog.New(slog.NewTextHandler(&out, nil)))
	now := time.Unix(1, 0)
	l.now = func() time.Time { return now }
	for range 1000 {
		l.add(tracker.Event{Text: "peer turned away"})
	}
	l.add(tracker.Event{Source: "hap1", Text: "session opened"})
	if got := strings.Count(out.String(), "turned away"); got != maxAlike {
		t.Errorf("%d lines, want %d", got, maxAlike)
	}
	if !strings.Contains(out.String(), "source=hap1") {
		t.Error("another event in the same second is not logged")
	}
	now = now.Add(time.Second)
	l.add(tracker.Event{Text: "session ended"})
	if !strings.Contains(out.String(), "number=980") {
		t.Errorf("what was left out is not said: %s", out.String())
	}
}
