package tracker

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// talk plays one HAProxy with plain keys at random. A process overwrites what it
// counted with what an older one teaches it, late and in pieces at times; processes
// die and begin again at zero; and what is said arrives in any order between sessions.
type talk struct {
	*wire
	truth uint64
	pid   int
	plainWorker
	stopped []*plainWorker // that still try to teach
	line    *line
	born    time.Time
	learned bool // or gave up
	lossy   bool
	silent  bool // about its pid, as who is called is

	customers int
}

type plainWorker struct {
	table map[string]uint32
	dirty map[string]bool
	until time.Time // when it gives up teaching
}

func newTalk(random *rand.Rand, lossy bool) *talk {
	h := &talk{wire: newWire(random, Rules{Keys: PlainKeys}), lossy: lossy}
	h.silent, h.customers = random.IntN(4) == 0, 1+random.IntN(2)
	h.boot()
	h.fresh()
	return h
}

// boot starts a process, which connects at once.
func (h *talk) boot() {
	h.pid++
	h.plainWorker = plainWorker{table: map[string]uint32{}, dirty: map[string]bool{}}
	h.born = h.now
	h.learned = false
	h.connect()
}

// fresh is when a process knows that nobody teaches it.
func (h *talk) fresh() {
	h.line.start()
	h.learned = true
}

func (h *talk) connect() {
	h.hangUp(h.line)
	pid := h.pid
	if h.silent {
		pid = 0
	}
	h.line = h.open("hap1", pid)
	for key := range h.table {
		h.dirty[key] = true
	}
	h.resync()
}

func (h *talk) step() error {
	switch n := h.random.IntN(200); {
	case n < 50:
		h.increment()
	case n < 75:
		h.push()
	case n < 80:
		h.resync()
	case n < 83:
		h.connect()
	case n < 87:
		h.reload()
	case n < 91 && h.lossy:
		h.die()
	case n < 94 && h.lossy:
		if key, ok := pick(h.random, h.table); ok {
			delete(h.table, key)
			delete(h.dirty, key)
		}
	case n < 104:
		h.teach()
	case n < 112:
		h.pass(time.Duration(h.random.IntN(6000)) * time.Millisecond)
	case n < 120:
		h.minute()
	case n < 124:
		_, err := h.commit()
		return err
	case n < 126:
		if err := h.crash(); err != nil {
			return err
		}
		h.connect()
	default:
		h.read()
	}
	return nil
}

// minute is the time after which the tracker asks for everything again.
func (h *talk) minute() {
	if h.random.IntN(4) > 0 {
		h.drain()
	}
	h.pass(time.Duration(20+h.random.IntN(40)) * time.Second)
	h.resync()
	if h.random.IntN(4) > 0 {
		h.drain()
	}
}

func (h *talk) increment() {
	h.truth++
	w := &h.plainWorker
	if n := len(h.stopped); n > 0 && h.random.IntN(3) == 0 {
		w = h.stopped[h.random.IntN(n)] // answers that an old worker still gives
	}
	key := fmt.Sprintf("c%d", h.random.IntN(h.customers))
	w.table[key]++
	w.dirty[key] = true
}

func (h *talk) push() {
	for _, key := range slices.Sorted(maps.Keys(h.dirty)) {
		h.line.say(key, h.table[key], false)
		delete(h.dirty, key)
		if h.random.IntN(2) == 0 {
			return
		}
	}
}

// resync answers a request, which comes only when the one before was answered and the
// answer read.
func (h *talk) resync() {
	l := h.line
	if l.asked {
		return
	}
	l.asked = true
	for _, key := range slices.Sorted(maps.Keys(h.table)) {
		h.line.say(key, h.table[key], true)
	}
	if h.learned {
		l.finish()
	}
	l.unread = append(l.unread, func(*Counts) { l.asked = false })
}

// reload replaces the process by one that counts before it has learned.
func (h *talk) reload() {
	old := h.plainWorker
	old.until = h.now.Add(5 * time.Second)
	h.stopped = append(h.stopped, &old)
	h.boot()
}

// die without a word.
func (h *talk) die() {
	h.hangUp(h.line)
	h.stopped = nil
	h.pass(time.Duration(h.random.IntN(30)) * time.Second)
	h.boot()
	h.fresh()
}

// teach the newest process what an old worker knows, all of it or not.
func (h *talk) teach() {
	if len(h.stopped) == 0 {
		return
	}
	i := h.random.IntN(len(h.stopped))
	old := h.stopped[i]
	whole := h.random.IntN(4) > 0
	for _, key := range slices.Sorted(maps.Keys(old.table)) {
		if whole || h.random.IntN(2) == 0 {
			h.table[key] = old.table[key]
		}
	}
	if whole {
		h.learned = true
		h.stopped = slices.Delete(h.stopped, i, i+1)
	}
}

func (h *talk) pass(d time.Duration) {
	h.now = h.now.Add(d)
	h.stopped = slices.DeleteFunc(h.stopped, func(w *plainWorker) bool { return h.now.After(w.until) })
	if !h.learned && h.now.Sub(h.born) >= 5*time.Second {
		h.fresh()
	}
}

func (h *talk) play(steps int) error {
	for i := range steps {
		if err := h.step(); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
		if got := h.total(); got > h.truth {
			return fmt.Errorf("step %d: counted %d of %d", i, got, h.truth)
		}
	}
	_, err := h.commit()
	return err
}

// Short plays: what is missed early would hide what is counted too often later.
func TestPlainKeysNeverExceedTheTruth(t *testing.T) {
	for _, lossy := range []bool{true, false} {
		seeds(t, 10000, func(r *rand.Rand) error { return newTalk(r, lossy).play(50 + r.IntN(300)) })
	}
}
