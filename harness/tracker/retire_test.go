package tracker

import (
	"fmt"
	"testing"
	"time"
)

// reloaded returns a script in which p has counted n customers in generation 1 and
// counts in generation 2 now.
func reloaded(t *testing.T, n int) *script {
	s := newScript(t, Rules{})
	s.open(1, "p", 1)
	for i := range n {
		s.live(1, fmt.Sprintf("c%05d|1", i), 2, Grown, uint64(2*i+2))
	}
	s.close(1)
	s.open(2, "p", 2)
	s.finished(2)
	s.live(2, "c00000|2", 1, Grown, uint64(2*n+1))
	return s
}

func TestGenerationOfADeadProcessIsSummedUp(t *testing.T) {
	s := reloaded(t, 3)
	s.later(DefaultRetire + time.Hour - 31*time.Minute) // it grew at half past
	s.retire()
	if got := len(s.counts.books); got != 2 {
		t.Fatalf("%d books, want 2: it is not %v since it could have grown", got, DefaultRetire)
	}
	s.later(time.Minute)
	s.retire()
	s.total(7)
	if s.counts.books[0] != nil || s.counts.size != 4 || s.counts.closed != 1 {
		t.Errorf("%d entries and %d closed, want 4 and 1", s.counts.size, s.counts.closed)
	}
	s.timed(2, "c00000|1", 2, Ignored, 7)
	s.timed(2, "c00000|1", 5, Ignored, 7)
	s.live(2, "c00000|1", 5, Refused, 7)
	s.complaints(`p: key "c00000|1": ` + closedText)
	s.live(2, "c00000|2", 2, Grown, 8)
	state, _ := s.counts.customer("c00000")
	if got := fmt.Sprint(state.Sources); got != "[{p 4 0 2 1}]" {
		t.Errorf("customer: %s, want 4 of p, 2 of them retired", got)
	}
}

func TestGenerationThatMayCountIsNotSummedUp(t *testing.T) {
	for name, change := range map[string]func(*script){
		"the new process has not told all": func(s *script) { s.counts.origins[originKey{"p", "quota"}].current = nil },
		"it grows again":                   func(s *script) { s.timed(2, "c00000|1", 3, Grown, 8) },
		"its process is connected":         func(s *script) { s.open(3, "p", 1); s.live(3, "c00000|1", 2, Unchanged, 7) },
	} {
		t.Run(name, func(t *testing.T) {
			s := reloaded(t, 3)
			s.later(1000 * time.Hour)
			change(s)
			s.retire()
			if s.counts.books[0] == nil {
				t.Error("it was summed up")
			}
		})
	}
	s := reloaded(t, 3)
	s.counts.rules.Retire = -1
	s.later(1e6 * time.Hour)
	s.retire()
	if s.counts.books[0] == nil {
		t.Error("it was summed up, although it must never be")
	}
}

// Whose generation 3 is can be seen when every source that is connected counts.
func TestCopyIsNotSummedUpWhileItsOwnerMayBeConnected(t *testing.T) {
	s := reloaded(t, 1)
	s.timed(2, "a|3", 5, Grown, 8)
	s.open(3, "q", 1)
	s.finished(3)
	s.later(1000 * time.Hour)
	s.retire()
	s.live(3, "a|3", 6, Grown, 9)
}

func TestCopyThatWasSummedUpIsNeverCountedAgain(t *testing.T) {
	s := reloaded(t, 1)
	s.timed(2, "a|3", 5, Grown, 8)
	s.later(1000 * time.Hour)
	s.retire()
	s.open(3, "q", 1)
	s.timed(3, "a|3", 6, Foreign, 8)
	s.live(3, "a|3", 6, Refused, 8)
	s.complaints(`q: key "a|3": ` + copiedText)
	s.live(3, "a|4", 1, Grown, 9)
}

// A large generation is moved in slices. After each the totals are right, whatever
// happens then.
func TestRetiringGoesOnAfterACrash(t *testing.T) {
	const n = 3 * retireSlice
	s := reloaded(t, n)
	m := newModel()
	var b Batch
	take := func() {
		t.Helper()
		s.counts.Take(&b, s.now)
		if err := m.apply(&b); err != nil {
			t.Fatal(err)
		}
		s.total(2*n + 1)
	}
	take()
	s.later(1000 * time.Hour)
	slices := 0
	for more := true; more; slices++ {
		more = s.counts.Retire()
		take()
		s.counts = NewCounts()
		if err := m.load(s.counts); err != nil {
			t.Fatal(err)
		}
		s.counts.Advance(s.now)
		s.open(1, "p", 2)
		s.finished(1)
		s.live(1, "c00000|2", 1, Unchanged, 2*n+1)
		s.timed(1, "c00001|1", 3, Ignored, 2*n+1)
	}
	if slices < 3 {
		t.Errorf("moved in %d slices, want 3 or more", slices)
	}
	if len(m.books) != 3 || len(m.entries) != n+1 { // generation 2, the sum, and the mark of generation 1
		t.Errorf("stored are %d books and %d entries, want 3 and %d", len(m.books), len(m.entries), n+1)
	}
}
