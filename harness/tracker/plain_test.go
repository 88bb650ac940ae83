package tracker

import (
	"testing"
	"time"
)

// talkAfter returns a script in which a tracker has run for a while and process 1 of a
// HAProxy with plain keys, in session 1, was counted 36 times for customer a.
func talkAfter(t *testing.T) *script {
	s := newScript(t, Rules{Keys: PlainKeys})
	s.later(time.Hour)
	s.open(1, "p", 1)
	s.timed(1, "a", 30, Grown, 30)
	s.finished(1)
	s.live(1, "a", 36, Grown, 36)
	return s
}

func TestPlainKeysAreCustomers(t *testing.T) {
	s := newScript(t, Rules{Keys: PlainKeys})
	s.open(1, "p", 1)
	s.open(2, "q", 1)
	s.live(1, "a|1", 3, Grown, 3)
	s.live(1, "", 1, Grown, 4)
	s.live(2, "a|1", 5, Grown, 9)
	if _, ok := s.counts.customers.find("a|1"); !ok {
		t.Error("a|1 is not the customer")
	}
}

func TestPlainEntryThatWasLostBeginsAgain(t *testing.T) {
	s := talkAfter(t)
	s.live(1, "a", 1, Restarted, 37)
	s.live(1, "a", 2, Grown, 38)
	s.timed(1, "a", 1, Ignored, 38)
}

func TestPlainReloadIsNoRestart(t *testing.T) {
	s := talkAfter(t)
	s.open(2, "p", 2)
	s.live(2, "a", 1, Delayed, 36) // before it has learned
	s.live(1, "a", 37, Grown, 37)  // what the old worker had written last
	s.close(1)
	s.timed(2, "a", 38, Grown, 38)
	s.finished(2)
	s.live(2, "a", 39, Grown, 39)
	s.live(2, "a", 5, Delayed, 39) // an even older worker has taught it
	s.live(2, "a", 39, Unchanged, 39)
	s.later(time.Minute)
	s.finished(2)
	s.later(time.Minute)
	s.finished(2)
	s.total(39)
	s.live(2, "a", 1, Restarted, 40) // nobody can have taught it that
}

func TestPlainProcessThatHasLessThanTheOneBeforeGoesOnFromThere(t *testing.T) {
	s := talkAfter(t)
	s.close(1)
	s.open(2, "p", 2)
	s.live(2, "a", 7, Delayed, 36)
	for range 3 {
		s.later(20 * time.Second)
		s.timed(2, "a", 7, Delayed, 36)
		s.finished(2)
		s.total(36) // it may have learned 6 of its 7
		if s.sessions[2].probation.told == nil {
			break
		}
	}
	s.live(2, "a", 9, Grown, 38)
	s.live(1, "a", 37, Ignored, 38) // written before all that
}

func TestPlainCrashAloneBeginsAtZero(t *testing.T) {
	s := talkAfter(t)
	s.live(1, "b", 10, Grown, 46)
	s.close(1)
	s.later(settle)
	s.open(2, "p", 2)
	s.started(2)
	s.timed(2, "a", 40, Delayed, 46)
	s.finished(2)
	s.total(86)
	s.live(2, "a", 41, Grown, 87)
	s.live(2, "b", 12, Grown, 99) // it was not told that b had begun again
	s.live(2, "b", 1, Restarted, 100)
}

func TestPlainCrashAndQuickRestartCountsWhatIsCertain(t *testing.T) {
	s := talkAfter(t)
	s.live(1, "b", 10, Grown, 46)
	s.close(1)
	s.later(settle - 1)
	s.open(2, "p", 2)
	s.started(2)
	s.live(2, "a", 5, Delayed, 46)
	s.live(2, "b", 12, Grown, 48) // 12 of its own, or 2 after it was taught 10
	s.finished(2)
	s.later(time.Minute)
	s.finished(2)
	s.total(48)
	s.later(time.Minute)
	s.finished(2)
	s.total(53)
	s.live(2, "a", 6, Grown, 54)
}

// The process may have been taught something before it asked.
func TestPlainProcessThatWasCountedBeforeItStartedIsNotAtZero(t *testing.T) {
	for name, before := range map[string]func(*script){
		"in this session":  func(s *script) { s.live(2, "a", 37, Grown, 37) },
		"in another one":   func(s *script) { s.live(2, "a", 37, Grown, 37); s.close(2); s.open(3, "p", 2) },
		"without a number": func(s *script) { s.sessions[2].PID = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			s := talkAfter(t)
			s.close(1)
			s.later(settle - 1)
			s.open(2, "p", 2)
			before(s)
			newest := uint32(len(s.sessions))
			total := s.counts.Totals(Totals{}).Total
			s.started(newest)
			s.timed(newest, "a", 7, Delayed, total)
			for range 4 {
				s.later(time.Minute)
				s.finished(newest)
			}
			s.total(total)
		})
	}
}

func TestPlainLifeThatGrewBeyondTheOneBeforeIsNotBegunAgain(t *testing.T) {
	s := talkAfter(t)
	s.close(1)
	s.open(2, "p", 2)
	s.started(2)
	s.live(2, "a", 37, Grown, 37)
	s.live(2, "a", 12, Delayed, 37) // it was taught 10 in the middle of that
	for range 3 {
		s.later(time.Minute)
		s.finished(2)
	}
	s.total(37)
	s.live(2, "a", 13, Grown, 38)
}

func TestPlainProcessThatAsksLateIsNotAtZero(t *testing.T) {
	s := talkAfter(t)
	s.close(1)
	s.open(2, "p", 2)
	s.live(2, "a", 12, Delayed, 36)
	s.later(2 * youth)
	s.started(2)
	for range 3 {
		s.later(time.Minute)
		s.finished(2)
	}
	s.total(36)
}

// What was told may have been said before it was read, and before a process came or
// went.
func TestPlainProbationEndsOnlyAfterAQuietTime(t *testing.T) {
	s := talkAfter(t)
	s.close(1)
	s.later(time.Hour)
	s.open(2, "p", 2)
	onProbation := func(number uint32, want bool) {
		t.Helper()
		s.finished(number)
		if got := s.sessions[number].probation.told != nil; got != want {
			t.Errorf("session %d on probation: %v, want %v", number, got, want)
		}
	}
	s.open(3, "p", 3)
	onProbation(2, true)
	s.close(3)
	s.later(settle)
	onProbation(2, true) // the first time that it was quiet
	s.open(4, "p", 4)
	onProbation(2, true)
	s.close(4)
	s.later(settle)
	onProbation(2, true)
	onProbation(2, false)
	s.open(5, "p", 2) // the same process
	onProbation(5, true)
	onProbation(5, false)
}

func TestPlainSessionOverruledIsNotHeard(t *testing.T) {
	s := talkAfter(t)
	s.open(2, "p", 1)
	s.timed(2, "a", 3, Delayed, 36)
	s.finished(2)
	s.finished(2)
	s.live(1, "a", 37, Ignored, 36)
	s.timed(2, "a", 4, Grown, 37)
}

func TestPlainTrackerThatWasStartedJustNowWaits(t *testing.T) {
	s := talkAfter(t)
	m := newModel()
	var b Batch
	s.counts.Take(&b, s.now)
	if err := m.apply(&b); err != nil {
		t.Fatal(err)
	}
	s.counts = Rules{Keys: PlainKeys}.NewCounts()
	if err := m.load(s.counts); err != nil {
		t.Fatal(err)
	}
	s.later(time.Second)
	s.open(1, "p", 2)
	s.started(1)
	s.timed(1, "a", 5, Delayed, 36)
	for range 3 {
		s.finished(1)
		s.total(36)
		s.later(settle - 3*time.Second)
	}
	if s.sessions[1].probation.told == nil {
		t.Error("it was quiet for less than the settle time")
	}
	s.finished(1)
	s.live(1, "a", 6, Grown, 37) // the process before may have taught it the 5
}

func TestPlainSessionKnowsNothingOfAnotherSource(t *testing.T) {
	s := talkAfter(t)
	s.open(2, "q", 9)
	s.started(2)
	s.live(2, "a", 5, Delayed, 36)
	s.finished(2)
	s.total(41)
}
