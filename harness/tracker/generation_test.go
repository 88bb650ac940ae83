package tracker

import "testing"

const (
	closedText = `its generation was closed, as that of a dead process or as one that another peer has too`
	copiedText = `its generation was counted from a copy that another peer had, and is closed`
)

func TestCopyOfWhatAnotherSourceCountsIsForeign(t *testing.T) {
	s := newScript(t, Rules{})
	s.open(1, "p", 1)
	s.open(2, "q", 1)
	s.live(1, "a|1", 5, Grown, 5)
	s.timed(2, "a|1", 5, Foreign, 5)
	s.timed(2, "a|1", 9, Foreign, 5) // no owner has said so
	s.live(1, "a|1", 2, Restarted, 7)
	s.timed(2, "a|1", 5, Foreign, 7)
}

func TestSourcesThatStartedInTheSameMillisecondAdd(t *testing.T) {
	s := newScript(t, Rules{})
	s.open(1, "p", 1)
	s.open(2, "q", 1)
	s.live(1, "a|1", 5, Grown, 5)
	s.live(2, "a|1", 3, Grown, 8)
	s.timed(1, "a|1", 6, Grown, 9)
	s.timed(2, "a|1", 4, Grown, 10)
}

func TestCopiesOfOneGenerationAreCountedOnce(t *testing.T) {
	s := newScript(t, Rules{})
	s.open(1, "p", 1)
	s.open(2, "q", 1)
	s.timed(1, "a|1", 5, Grown, 5)
	s.timed(2, "a|1", 7, Grown, 7)
	s.timed(1, "a|1", 5, Ignored, 7)
	s.open(3, "p", 1)
	s.live(1, "a|1", 8, Grown, 8) // it is p's
	s.timed(2, "a|1", 9, Foreign, 8)
	s.live(1, "a|1", 1, Restarted, 9)
	s.timed(2, "a|1", 8, Foreign, 9)
}

func TestCopyIsAdoptedByTheSourceThatCountsIt(t *testing.T) {
	s := newScript(t, Rules{})
	s.open(1, "p", 1)
	s.open(2, "q", 1)
	s.timed(1, "a|1", 5, Grown, 5)
	s.timed(1, "b|1", 5, Grown, 10)
	s.live(2, "a|1", 3, Ignored, 10) // written before p had learned the 5
	s.live(2, "a|1", 6, Grown, 11)
	s.live(2, "a|1", 2, Restarted, 13)
	s.open(3, "q", 1)
	s.live(3, "b|1", 1, Restarted, 14) // said after p had learned the 5
	s.timed(1, "a|1", 6, Ignored, 14)
	s.timed(1, "c|1", 6, Ignored, 14)
	s.live(1, "a|1", 9, Refused, 14) // is it what p had taught before, or its own?
	s.complaints(`p: key "a|1": ` + closedText)
	if got := s.counts.books[0]; got.Source != "q" || got.sum != 14 {
		t.Errorf("book: %+v with %d, want it to be q's", got.BookState, got.sum)
	}
}

// A copy is raised by a session that is older than one of the source that is adopted
// from: that must not look as if the adopting session had said it.
func TestCopyThatWasRaisedByAThirdSourceIsNoWordOfItsOwner(t *testing.T) {
	s := newScript(t, Rules{})
	s.open(1, "r", 1)
	s.open(2, "p", 1)
	s.open(3, "q", 1)
	s.timed(2, "a|1", 1, Grown, 1)
	s.timed(1, "a|1", 3, Grown, 3)
	s.live(3, "a|1", 1, Ignored, 3)
	s.live(3, "a|1", 3, Unchanged, 3)
	s.live(3, "a|1", 1, Restarted, 4)
}

func TestAdoptionIsRestored(t *testing.T) {
	s := newScript(t, Rules{})
	m := newModel()
	var b Batch
	take := func() {
		s.counts.Take(&b, s.now)
		if err := m.apply(&b); err != nil {
			t.Fatal(err)
		}
	}
	s.open(1, "p", 1)
	s.timed(1, "a|1", 5, Grown, 5)
	take()
	s.open(2, "q", 1)
	s.live(2, "a|1", 6, Grown, 6)
	take()
	s.counts = NewCounts()
	if err := m.load(s.counts); err != nil {
		t.Fatal(err)
	}
	s.open(1, "p", 1)
	s.open(2, "q", 1)
	s.timed(1, "a|1", 9, Ignored, 6)
	s.live(1, "a|1", 9, Refused, 6)
	s.timed(2, "a|1", 7, Grown, 7)
	s.live(2, "a|1", 1, Restarted, 8)
}

func TestEmptyGenerationIsNone(t *testing.T) {
	s := newScript(t, Rules{})
	s.open(1, "p", 1)
	s.live(1, "a|", 1, Refused, 0)
	s.live(1, "b|", 1, Refused, 0)
	s.complaints(`p: key "a|": key without a generation: want customer|generation`)
}
