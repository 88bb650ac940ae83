package tracker

import (
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/tracker/drain"
)

func logged(generation string, seq uint64, customer string) drain.Line {
	return drain.Line{Mark: drain.Mark{Process: drain.Process{Source: "p", Generation: generation}, Seq: seq}, Customer: customer}
}

func TestLinesOfTheLogCountOnce(t *testing.T) {
	s := newScript(t, Rules{})
	s.open(1, "p", 1)
	s.live(1, "a|1", 5, Grown, 5)
	drained := func(l drain.Line, want drain.Admission, total uint64) {
		t.Helper()
		if got := s.counts.Drain("quota", l); got != want {
			t.Errorf("%+v: got %d, want %d", l, got, want)
		}
		s.total(total)
	}
	drained(logged("1", 1, "a"), drain.Fresh, 6)
	drained(logged("1", 1, "a"), drain.Repeated, 6)
	drained(logged("1", 2, "a"), drain.Fresh, 7)
	drained(logged("2", 1, "b"), drain.Fresh, 8)

	m := newModel()
	var b Batch
	s.counts.Take(&b, s.now)
	if err := m.apply(&b); err != nil {
		t.Fatal(err)
	}
	s.counts = NewCounts()
	if err := m.load(s.counts); err != nil {
		t.Fatal(err)
	}
	s.later(time.Minute)
	drained(logged("1", 2, "a"), drain.Repeated, 8)
	drained(logged("1", 3, "a"), drain.Fresh, 9)

	s.later(DefaultRetire + time.Minute)
	s.retire()
	drained(logged("1", 4, "a"), drain.Closed, 9)
	s.counts.Take(&b, s.now)
	if err := m.apply(&b); err != nil {
		t.Fatal(err)
	}
	s.counts = NewCounts()
	for _, mark := range b.Drained {
		if mark.Closed {
			if err := s.counts.RestoreMark(mark); err != nil {
				t.Fatal(err)
			}
		}
	}
	drained(logged("2", 9, "a"), drain.Closed, 0)
}

func TestLineThatCannotBeCountedIsNotRemembered(t *testing.T) {
	s := newScript(t, Rules{})
	s.counts.size = maxKeys
	if got := s.counts.Drain("quota", logged("1", 1, "a")); got != drain.Full {
		t.Errorf("got %d, want %d", got, drain.Full)
	}
	if got := s.counts.Complaints(); len(got) != 1 || !strings.Contains(got[0].Err.Error(), "67108864 keys") {
		t.Errorf("complaints: %v, want the limit", got)
	}
	s.counts.size = 0
	if got := s.counts.Drain("quota", logged("1", 1, "a")); got != drain.Fresh {
		t.Errorf("when there is room: got %d, want %d", got, drain.Fresh)
	}
}

func TestServerDrainsDurably(t *testing.T) {
	var complaints []Event
	s := serving(t, Config{Report: func(e Event) { complaints = append(complaints, e) }})
	lines := []drain.Line{logged("1", 1, "a"), logged("1", 2, "a"), logged("1", 1, "a")}
	if err := s.Drain(t.Context(), lines); err != nil {
		t.Fatal(err)
	}
	if got := totals(t, s); got["a"] != 2 || len(complaints) != 0 {
		t.Errorf("got %v and %v, want 2 for a", got, complaints)
	}
	if got := s.Statistics(); got.Drained != (DrainTally{drain.Fresh: 2, drain.Repeated: 1}) || got.Lines.Numbers != 2 {
		t.Errorf("statistics: %+v, want 2 fresh lines and a repeated one", got)
	}
	state, ok := s.Customer(t.Context(), "a")
	if !ok || !state.Durable || state.Total != 2 || len(state.Sources) != 1 || state.Sources[0].Logged != 2 {
		t.Errorf("customer: %+v, want 2 that p has logged", state)
	}
}
