package tracker

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// wire is what connects HAProxies that a test plays with Counts: sessions whose bytes
// arrive in their own order, but in any order between sessions, and a tracker that
// commits, and forgets what it has not committed.
type wire struct {
	random *rand.Rand
	rules  Rules
	now    time.Time
	counts *Counts
	model  *model
	lines  []*line // with something unread, or open
	number uint32
	batch  Batch
}

// line is one session.
type line struct {
	session *Session
	unread  []func(*Counts)
	cut     bool // nothing is written any more
	asked   bool // for a resync that is not over
}

func newWire(random *rand.Rand, rules Rules) *wire {
	return &wire{random: random, rules: rules, now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), counts: rules.NewCounts(), model: newModel()}
}

func (w *wire) open(source string, pid int) *line {
	w.number++
	l := &line{session: &Session{Source: source, Table: "quota", Number: w.number, PID: pid}}
	w.counts.Advance(w.now)
	w.counts.Open(l.session)
	w.lines = append(w.lines, l)
	return l
}

func (l *line) say(key string, value uint32, timed bool) {
	l.unread = append(l.unread, func(c *Counts) {
		c.Count(Observation{Session: l.session, Key: []byte(key), Value: value, Timed: timed})
	})
}

func (l *line) start()  { l.unread = append(l.unread, func(c *Counts) { c.Started(l.session) }) }
func (l *line) finish() { l.unread = append(l.unread, func(c *Counts) { c.Finished(l.session) }) }

// hangUp ends the line; what is unread in it stays so, perhaps cut short.
func (w *wire) hangUp(l *line) {
	if l == nil || l.cut {
		return
	}
	l.cut = true
	l.unread = l.unread[:w.random.IntN(len(l.unread)+1)]
}

// read takes in the next message of any line.
func (w *wire) read() {
	if len(w.lines) == 0 {
		return
	}
	i := w.random.IntN(len(w.lines))
	l := w.lines[i]
	w.counts.Advance(w.now)
	if len(l.unread) > 0 {
		l.unread[0](w.counts)
		l.unread = l.unread[1:]
		return
	}
	if l.cut {
		w.counts.Close(l.session)
		w.lines = slices.Delete(w.lines, i, i+1)
	}
}

// drain reads everything.
func (w *wire) drain() {
	for slices.ContainsFunc(w.lines, func(l *line) bool { return len(l.unread) > 0 || l.cut }) {
		w.read()
	}
}

// commit takes a batch, and checks that what is stored is what is counted.
func (w *wire) commit() (more bool, err error) {
	w.counts.Advance(w.now)
	more = w.counts.Retire()
	w.counts.Take(&w.batch, w.now)
	if err := w.model.apply(&w.batch); err != nil {
		return false, err
	}
	return more, w.agree()
}

func (w *wire) agree() error {
	counted, stored := w.counts.Totals(Totals{}), w.model.total()
	sum := uint64(0)
	for i, name := range counted.Names {
		if counted.Each[i] != stored[name] {
			return fmt.Errorf("customer %q: counted %d, stored %d", name, counted.Each[i], stored[name])
		}
		sum += counted.Each[i]
	}
	if sum != counted.Total || len(stored) != len(counted.Names) {
		return fmt.Errorf("total %d, and %d customers add up to %d; %d are stored", counted.Total, len(counted.Names), sum, len(stored))
	}
	return nil
}

// crash loses what was not committed, and everything unread, and starts again.
func (w *wire) crash() error {
	for _, l := range w.lines {
		l.cut = true
	}
	w.lines = nil
	w.number = 0
	w.counts = w.rules.NewCounts()
	if err := w.model.load(w.counts); err != nil {
		return err
	}
	return w.agree()
}

func (w *wire) total() uint64 { return w.counts.Totals(Totals{}).Total }

// seeds runs play for so many seeds, the same each time, and names the one that fails.
func seeds(t *testing.T, n int, play func(*rand.Rand) error) {
	t.Helper()
	for seed := range uint64(n) {
		if err := play(rand.New(rand.NewPCG(seed, 0))); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}
