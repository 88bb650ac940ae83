package tracker

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// script is a history of sessions, told in the order in which it is read.
type script struct {
	t        *testing.T
	counts   *Counts
	now      time.Time
	sessions map[uint32]*Session
}

func newScript(t *testing.T, r Rules) *script {
	s := &script{t: t, counts: r.NewCounts(), now: time.Date(2026, 11, 21, 12, 30, 0, 0, time.UTC), sessions: map[uint32]*Session{}}
	s.counts.Advance(s.now)
	return s
}

// later lets time pass.
func (s *script) later(d time.Duration) {
	s.now = s.now.Add(d)
	s.counts.Advance(s.now)
}

func (s *script) open(number uint32, source string, pid int) {
	s.sessions[number] = &Session{Source: source, Table: "quota", Number: number, PID: pid}
	s.counts.Open(s.sessions[number])
}

func (s *script) close(number uint32)    { s.counts.Close(s.sessions[number]) }
func (s *script) started(number uint32)  { s.counts.Started(s.sessions[number]) }
func (s *script) finished(number uint32) { s.counts.Finished(s.sessions[number]) }

// live and timed demand an effect and the total after it.
func (s *script) live(number uint32, key string, value uint32, effect Effect, total uint64) {
	s.t.Helper()
	s.say(number, key, value, false, effect, total)
}

func (s *script) timed(number uint32, key string, value uint32, effect Effect, total uint64) {
	s.t.Helper()
	s.say(number, key, value, true, effect, total)
}

func (s *script) say(number uint32, key string, value uint32, timed bool, effect Effect, total uint64) {
	s.t.Helper()
	got := s.counts.Count(Observation{Session: s.sessions[number], Key: []byte(key), Value: value, Timed: timed})
	if got != effect {
		s.t.Errorf("session %d, %s=%d: got %v, want %v", number, key, value, got, effect)
	}
	s.total(total)
}

func (s *script) total(want uint64) {
	s.t.Helper()
	if got := s.counts.Totals(Totals{}).Total; got != want {
		s.t.Errorf("total: got %d, want %d", got, want)
	}
}

// retire does all that is due.
func (s *script) retire() {
	for s.counts.Retire() {
	}
}

// complaints demands the texts of what was complained about.
func (s *script) complaints(want ...string) {
	s.t.Helper()
	var got []string
	for _, c := range s.counts.Complaints() {
		got = append(got, fmt.Sprintf("%s: %v", c.Source, c.Err))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("complaints (-want +got):\n%s", diff)
	}
}
