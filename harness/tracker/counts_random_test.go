package tracker

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// fleet plays HAProxies with generation keys at random: increments, pushes, resyncs,
// reconnections that leave unread bytes behind, reloads that copy the table to the
// next worker. What was said arrives in any order between sessions.
type fleet struct {
	*wire
	proxies []*proxyModel
	peered  bool // each HAProxy learns what the others push
	lossy   bool // entries vanish, processes die
	truth   uint64
	started int // generations
}

type proxyModel struct {
	name string
	line *line
	worker
	inbox []taught // from other HAProxies, unread
}

type worker struct {
	generation int
	own        map[string]uint32
	learned    map[string]uint32
	dirty      map[string]bool
}

type taught struct {
	key   string
	value uint32
}

func newFleet(random *rand.Rand, proxies int, peered, lossy bool) *fleet {
	f := &fleet{wire: newWire(random, Rules{}), peered: peered, lossy: lossy}
	for i := range proxies {
		p := &proxyModel{name: fmt.Sprintf("hap%d", i+1)}
		f.proxies = append(f.proxies, p)
		f.boot(p)
		f.connect(p)
	}
	return f
}

// boot starts the next process, which has learned nothing yet.
func (f *fleet) boot(p *proxyModel) {
	f.started++
	p.worker = worker{generation: f.started, own: map[string]uint32{}, learned: map[string]uint32{}, dirty: map[string]bool{}}
}

func (f *fleet) connect(p *proxyModel) {
	f.hangUp(p.line)
	p.line = f.open(p.name, p.generation)
	for key := range p.own {
		p.dirty[key] = true
	}
	if f.random.IntN(2) == 0 {
		f.resync(p)
	}
}

func (f *fleet) step() error {
	p := f.proxies[f.random.IntN(len(f.proxies))]
	switch n := f.random.IntN(200); {
	case n < 70:
		f.increment(p)
	case n < 100:
		f.push(p, f.random.IntN(2) == 0)
	case n < 106:
		f.resync(p)
	case n < 109:
		f.connect(p)
	case n < 111:
		f.reload(p)
	case n < 115 && f.lossy:
		f.lose(p)
	case n < 125:
		f.learn(p)
	case n < 130:
		_, err := f.commit()
		return err
	case n < 131:
		return f.restart()
	case n < 132:
		return f.night()
	default:
		f.read()
	}
	return nil
}

func (f *fleet) increment(p *proxyModel) {
	key := fmt.Sprintf("c%d|%d", f.random.IntN(3), p.generation)
	p.own[key]++
	p.dirty[key] = true
	f.truth++
}

// push says one or all of the entries that have changed, to peers also.
func (f *fleet) push(p *proxyModel, one bool) {
	for len(p.dirty) > 0 {
		key, _ := pick(f.random, p.dirty)
		p.line.say(key, p.own[key], false)
		delete(p.dirty, key)
		for _, other := range f.proxies {
			if f.peered && other != p {
				other.inbox = append(other.inbox, taught{key, p.own[key]})
			}
		}
		if one {
			return
		}
	}
}

// learn takes in some of what the others have pushed.
func (f *fleet) learn(p *proxyModel) {
	n := f.random.IntN(len(p.inbox) + 1)
	for _, t := range p.inbox[:n] {
		p.learned[t.key] = t.value
	}
	p.inbox = p.inbox[n:]
}

// resync says the whole table, and then again live what was never acknowledged.
func (f *fleet) resync(p *proxyModel) {
	for _, table := range []map[string]uint32{p.own, p.learned} {
		for _, key := range slices.Sorted(maps.Keys(table)) {
			p.line.say(key, table[key], true)
		}
	}
	p.line.finish()
	for key := range p.own {
		p.dirty[key] = true
	}
}

// reload starts the next worker, which learns what the old one knew.
func (f *fleet) reload(p *proxyModel) {
	old := p.worker
	f.boot(p)
	maps.Copy(p.learned, old.learned)
	maps.Copy(p.learned, old.own)
	f.connect(p)
}

// lose an entry, or the whole process.
func (f *fleet) lose(p *proxyModel) {
	if f.random.IntN(8) == 0 {
		f.boot(p)
		f.connect(p)
		return
	}
	if key, ok := pick(f.random, p.own); ok {
		delete(p.own, key)
		delete(p.dirty, key)
	}
	if key, ok := pick(f.random, p.learned); ok {
		delete(p.learned, key)
	}
}

// restart kills the tracker and starts it again.
func (f *fleet) restart() error {
	if err := f.crash(); err != nil {
		return err
	}
	for _, p := range f.proxies {
		f.connect(p)
	}
	return nil
}

// night lets everything be told and days pass, so that old generations are retired.
func (f *fleet) night() error {
	f.settle()
	before := f.total()
	f.now = f.now.Add(time.Duration(40+f.random.IntN(60)) * time.Hour)
	for more := true; more; {
		var err error
		if more, err = f.commit(); err != nil {
			return err
		}
	}
	if after := f.total(); after != before {
		return fmt.Errorf("retiring has changed the total from %d to %d", before, after)
	}
	return nil
}

// settle has everything said and read.
func (f *fleet) settle() {
	for _, p := range f.proxies {
		f.resync(p)
		f.push(p, false)
	}
	f.drain()
}

func (f *fleet) play(steps int) error {
	for i := range steps {
		if err := f.step(); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
		if got := f.total(); got > f.truth {
			return fmt.Errorf("step %d: counted %d of %d", i, got, f.truth)
		}
	}
	f.settle()
	if got := f.total(); got > f.truth || (!f.lossy && got != f.truth) {
		return fmt.Errorf("counted %d of %d in the end", got, f.truth)
	}
	_, err := f.commit()
	return err
}

// pick returns a random key of m, the same for the same seed.
func pick[K cmp.Ordered, V any](random *rand.Rand, m map[K]V) (key K, ok bool) {
	if len(m) == 0 {
		return key, false
	}
	return slices.Sorted(maps.Keys(m))[random.IntN(len(m))], true
}

func TestCountsAreExactWhenNothingIsLost(t *testing.T) {
	seeds(t, 300, func(r *rand.Rand) error { return newFleet(r, 1, false, false).play(600) })
	seeds(t, 200, func(r *rand.Rand) error { return newFleet(r, 3, false, false).play(1000) })
}

func TestCountsAreExactWhenHAProxiesArePeered(t *testing.T) {
	seeds(t, 300, func(r *rand.Rand) error { return newFleet(r, 3, true, false).play(1000) })
}

func TestCountsNeverExceedTheTruth(t *testing.T) {
	seeds(t, 200, func(r *rand.Rand) error { return newFleet(r, 1, false, true).play(600) })
	seeds(t, 300, func(r *rand.Rand) error { return newFleet(r, 3, true, true).play(1000) })
}
