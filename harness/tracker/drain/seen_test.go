package drain

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func mark(generation string, seq uint64) Mark { return Mark{Process{"hap1", generation}, seq} }

func TestSeenAdmitsEachLineOnce(t *testing.T) {
	s := NewSeen(Limits{})
	model := map[Mark]bool{}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 100_000 {
		m := Mark{Process{[]string{"a", "b"}[random.IntN(2)], []string{"1", "2"}[random.IntN(2)]}, random.Uint64N(20_000)}
		want := Fresh
		if model[m] {
			want = Repeated
		}
		model[m] = true
		if got := s.Add(m, noon); got != want {
			t.Fatalf("line %d, %+v: got %d, want %d", i, m, got, want)
		}
	}
	if got := s.Stats().Numbers; got != uint64(len(model)) {
		t.Errorf("numbers: got %d, want %d", got, len(model))
	}
}

func TestSeenTakesEveryNumber(t *testing.T) {
	s := NewSeen(Limits{})
	for _, seq := range []uint64{0, 63, 64, 511, 512, math.MaxUint32, math.MaxUint64} {
		if first, second := s.Add(mark("1", seq), noon), s.Add(mark("1", seq), noon); first != Fresh || second != Repeated {
			t.Errorf("%d: got %d, then %d", seq, first, second)
		}
	}
}

func TestSeenRefusesWhatItCannotRemember(t *testing.T) {
	s := NewSeen(Limits{Pages: 2, Processes: 2})
	for _, step := range []struct {
		mark Mark
		want Admission
	}{
		{mark("1", 0), Fresh},
		{mark("2", 1000), Fresh},
		{mark("1", 512), Full}, // a third page
		{mark("1", 512), Full}, // and it was not remembered
		{mark("3", 0), Full},   // a third process
		{mark("1", 511), Fresh},
		{mark("1", 0), Repeated},
	} {
		if got := s.Add(step.mark, noon); got != step.want {
			t.Errorf("%+v: got %d, want %d", step.mark, got, step.want)
		}
	}
	if s.Restore(mark("1", 512), noon) == nil || s.Restore(mark("3", 0), noon) == nil {
		t.Error("restored beyond the limit, which would count again")
	}
}

func TestSeenRemembersSoManyProcesses(t *testing.T) {
	s := NewSeen(Limits{Processes: 2})
	for i, want := range []Admission{Fresh, Fresh, Full} {
		if got := s.Add(mark(string(rune('a'+i)), 1), noon); got != want {
			t.Errorf("process %d: got %d, want %d", i+1, got, want)
		}
	}
	s.Close(noon.Add(time.Hour))
	if got := s.Add(mark("c", 1), noon); got != Fresh {
		t.Errorf("third process when two are over: got %d, want %d", got, Fresh)
	}
}

func TestSeenNeverCountsALineOfAClosedProcess(t *testing.T) {
	s := NewSeen(Limits{})
	s.Add(mark("young", 1), noon.Add(time.Hour))
	s.Add(mark("old", 3), noon)
	s.Add(mark("old", 1), noon)
	if got, want := s.Close(noon.Add(time.Minute)), []Process{{"hap1", "old"}}; !cmp.Equal(got, want) {
		t.Errorf("closed: got %v, want %v", got, want)
	}
	for _, step := range []struct {
		mark Mark
		want Admission
	}{
		{mark("old", 1), Closed}, {mark("old", 2), Closed}, {mark("young", 1), Repeated}, {mark("young", 2), Fresh},
	} {
		if got := s.Add(step.mark, noon.Add(time.Hour)); got != step.want {
			t.Errorf("%+v: got %d, want %d", step.mark, got, step.want)
		}
	}
	if got, want := s.Stats(), (SeenStats{Numbers: 2, Pages: 1, Processes: 1, Closed: 1}); got != want {
		t.Errorf("stats: got %+v, want %+v", got, want)
	}
}

// A process that goes on repeating lines is still there, and a clock that goes back
// makes nobody old.
func TestSeenAgeIsThatOfTheLastLine(t *testing.T) {
	s := NewSeen(Limits{})
	s.Add(mark("1", 1), noon)
	s.Add(mark("1", 1), noon.Add(time.Hour))
	s.Add(mark("1", 2), noon.Add(-time.Hour))
	if got := s.Close(noon.Add(time.Hour)); len(got) != 0 {
		t.Errorf("closed %v", got)
	}
}

func TestSeenKeepsOpenWhatItCannotRememberAsClosed(t *testing.T) {
	s := NewSeen(Limits{Closed: 1})
	s.Add(mark("1", 1), noon)
	s.Add(mark("2", 1), noon)
	if got, want := s.Close(noon.Add(time.Hour)), []Process{{"hap1", "1"}}; !cmp.Equal(got, want) {
		t.Errorf("closed: got %v, want %v", got, want)
	}
	if got := s.Add(mark("2", 1), noon); got != Repeated {
		t.Errorf("line of the other: got %d, want %d", got, Repeated)
	}
	if s.RestoreClosed(Process{"hap1", "3"}) == nil {
		t.Error("restored beyond the limit")
	}
	if err := s.RestoreClosed(Process{"hap1", "1"}); err != nil {
		t.Error("restored twice:", err)
	}
}

func TestSeenIsRestored(t *testing.T) {
	s, again := NewSeen(Limits{}), NewSeen(Limits{})
	random := rand.New(rand.NewPCG(3, 4))
	var stored []Mark
	for range 5000 {
		m := mark("new", random.Uint64N(1<<20))
		if s.Add(m, noon) == Fresh {
			stored = append(stored, m)
		}
	}
	s.Add(mark("over", 7), noon.Add(-time.Hour))
	closed := s.Close(noon)
	for _, m := range stored {
		if err := again.Restore(m, noon); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range closed {
		if err := again.RestoreClosed(p); err != nil {
			t.Fatal(err)
		}
	}
	if again.Stats() != s.Stats() || s.Stats().Closed != 1 {
		t.Errorf("stats: got %+v, want %+v and one closed", again.Stats(), s.Stats())
	}
	for seq := range uint64(1 << 20) {
		m := mark("new", seq)
		if got, want := again.Add(m, noon), s.Add(m, noon); got != want {
			t.Fatalf("line %d: got %d, want %d", seq, got, want)
		}
	}
	if got := again.Add(mark("over", 8), noon); got != Closed {
		t.Errorf("line of the closed process: got %d, want %d", got, Closed)
	}
}
