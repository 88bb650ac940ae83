package tracker

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// twins are two Counts with the same sessions: one counts observations one by one, the
// other many at a time.
type twins struct {
	counts   [2]*Counts
	sessions [2][]*Session
}

func newTwins(keys Keys, sessions int) *twins {
	w := &twins{}
	for i := range w.counts {
		w.counts[i] = Rules{Keys: keys}.NewCounts()
		w.counts[i].Advance(time.Unix(1_763_683_530, 0))
		for n := range sessions {
			w.sessions[i] = append(w.sessions[i], &Session{Source: fmt.Sprint("proxy", n%3), Table: "quota", Number: uint32(n + 1), PID: n + 1})
		}
	}
	return w
}

// told is what one session says of one key.
type told struct {
	session int
	key     string
	value   uint32
	timed   bool
}

// count has both count it, and returns what each did.
func (w *twins) count(all []told) (each, together Tally) {
	var some []Observation
	for _, o := range all {
		each[w.counts[0].Count(Observation{Session: w.sessions[0][o.session], Key: []byte(o.key), Value: o.value, Timed: o.timed})]++
		some = append(some, Observation{Session: w.sessions[1][o.session], Key: []byte(o.key), Value: o.value, Timed: o.timed})
	}
	w.counts[1].CountAll(some, &together)
	return each, together
}

// demandSame compares all that they know.
func (w *twins) demandSame(t *testing.T) {
	t.Helper()
	var batches [2]Batch
	for i, c := range w.counts {
		c.Take(&batches[i], c.now)
	}
	if diff := cmp.Diff(batches[0], batches[1], cmpopts.IgnoreUnexported(Batch{})); diff != "" {
		t.Errorf("batches (-one by one +together):\n%s", diff)
	}
	if diff := cmp.Diff(w.counts[0].Totals(Totals{}), w.counts[1].Totals(Totals{})); diff != "" {
		t.Errorf("totals (-one by one +together):\n%s", diff)
	}
}

func TestCountAllDoesWhatCountDoesToEach(t *testing.T) {
	for _, keys := range []Keys{GenerationKeys, PlainKeys} {
		t.Run(string(keys), func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			w := newTwins(keys, 12)
			for range 300 {
				all := make([]told, random.IntN(4*lookahead))
				for i := range all {
					all[i] = told{session: random.IntN(12), key: randomKey(random, keys), value: random.Uint32N(50), timed: random.IntN(4) == 0}
				}
				if each, together := w.count(all); each != together {
					t.Fatalf("one by one %v, together %v", each, together)
				}
				if random.IntN(10) == 0 {
					w.demandSame(t)
				}
			}
			w.demandSame(t)
		})
	}
}

// randomKey returns one that is often new, often not, and sometimes no good.
func randomKey(random *rand.Rand, keys Keys) string {
	name := fmt.Sprint("c", random.IntN(1+random.IntN(2000)))
	generation := fmt.Sprint("g", random.IntN(8))
	switch {
	case random.IntN(100) == 0:
		return name + strings.Repeat("x", maxKey)
	case random.IntN(100) == 0:
		return ""
	case random.IntN(100) == 0:
		return name + "|"
	case keys == PlainKeys:
		return name
	case random.IntN(20) == 0:
		return name + "|" + generation + "|" + generation // the last bar counts
	}
	return name + "|" + generation
}

func TestCustomersWithTheSameHashAreCountedApart(t *testing.T) {
	w := newTwins(PlainKeys, 1)
	x := &w.counts[1].customers.index
	w.count([]told{{key: "a", value: 1}})
	x.put(slot{hash: x.hash([]byte("b")), number: 1}) // as if a had the hash of b
	w.count([]told{{key: "b", value: 20}, {key: "a", value: 3}, {key: "b", value: 21}})
	w.demandSame(t)
	if got := byName(t, w.counts[1].Totals(Totals{})); got["a"] != 3 || got["b"] != 21 {
		t.Errorf("got %v, want 3 of a and 21 of b", got)
	}
}
