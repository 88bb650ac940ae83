//go:build amd64 || arm64

package driver

import (
	"time"

	"github.com/haproof/haproof/harness"
)

const (
	// outboxBatch and outboxAge are when a shard hands over the attempts that have
	// ended: so many, or so old. A search looks at them to see whether to go on. It
	// wakes up for that alone only after outboxLate: at 1,000 attempts per second
	// every third time that it wakes up would be for nothing else.
	outboxBatch = 256
	outboxAge   = time.Millisecond
	outboxLate  = 10 * time.Millisecond
	// outboxKept is how many batches a shard has, unless whoever reports is slow. They
	// are made before the clock starts.
	outboxKept = 16
)

// outbox carries attempts that have ended from the shards to the one goroutine
// that reports them.
type outbox struct {
	batches chan *batch
}

// batch is some attempts that have ended. It goes back to its shard when they
// have been reported.
type batch struct {
	attempts []harness.Attempt
	home     chan *batch
}

func newOutbox() *outbox {
	return &outbox{batches: make(chan *batch, 64)}
}

// drain reports everything until the outbox is closed.
func (o *outbox) drain(report func(harness.Attempt)) {
	for b := range o.batches {
		for _, a := range b.attempts {
			report(a)
		}
		b.giveBack()
	}
}

// close says that nothing more comes.
func (o *outbox) close() { close(o.batches) }

func (b *batch) giveBack() {
	b.attempts = b.attempts[:0]
	select {
	case b.home <- b:
	default: // the shard has enough of them
	}
}

// drawer is where one shard collects attempts that have ended. Its user never
// waits for the reporter before the end: what cannot be handed over stays.
type drawer struct {
	to    chan<- *batch
	home  chan *batch
	open  *batch
	since time.Duration // when the first of them ended
	tally *tallier      // of all that were added; nil for none
}

func newDrawer() drawer {
	d := drawer{home: make(chan *batch, outboxKept)}
	for range outboxKept {
		d.home <- d.another()
	}
	d.open = d.empty()
	return d
}

// empty returns a batch to fill, a used one where there is any.
func (d *drawer) empty() *batch {
	select {
	case b := <-d.home:
		return b
	default:
		return d.another()
	}
}

// another makes a batch. It has room for what usually ends between two looks at how full it is.
func (d *drawer) another() *batch {
	return &batch{attempts: make([]harness.Attempt, 0, outboxBatch+wireEvents), home: d.home}
}

// add takes an attempt that has ended.
func (d *drawer) add(a *harness.Attempt, target *Target, end *ending) {
	d.tally.add(a, target.Host, &end.phases)
	if len(d.open.attempts) == 0 {
		d.since = a.Done
	}
	d.open.attempts = append(d.open.attempts, *a)
}

// tidy hands over what is full or old, and returns how long it may wait until it
// is called again, below 0 for ever.
func (d *drawer) tidy(now time.Duration) time.Duration {
	if len(d.open.attempts) == 0 {
		return -1
	}
	age := now - d.since
	if age < outboxAge && len(d.open.attempts) < outboxBatch {
		return outboxLate - age
	}
	select {
	case d.to <- d.open:
		d.open = d.empty()
		return -1
	default:
		return outboxAge
	}
}

// flush hands over everything that is left.
func (d *drawer) flush() {
	if len(d.open.attempts) > 0 {
		d.to <- d.open
		d.open = d.empty()
	}
}
