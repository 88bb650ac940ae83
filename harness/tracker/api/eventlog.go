package api

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What an eventLog holds at most. Who falls behind it is dropped.
const (
	maxEvents     = 512
	maxEventBytes = 4 << 20
)

// event is a change, as it goes over the wire.
type event struct {
	number uint64
	text   []byte // complete, with the empty line at its end
}

// eventLog holds the newest events. All streams read it, each at its own pace: a
// stream that is slow or was cut costs nothing.
type eventLog struct {
	epoch string // tells the numbers of this program's life from those of others

	mu      sync.Mutex
	events  []event // in order
	bytes   int
	next    uint64
	closed  bool
	changed chan struct{} // closed when any of these changes
}

func newEventLog(now time.Time) *eventLog {
	return &eventLog{epoch: strconv.FormatInt(now.UnixNano(), 36), changed: make(chan struct{})}
}

// add appends an event.
func (l *eventLog) add(kind string, value any) {
	data, _ := json.Marshal(value) // all events are of types that always encode
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	text := fmt.Appendf(nil, "id: %s-%d\nevent: %s\ndata: %s\n\n", l.epoch, l.next, kind, data)
	l.events = append(l.events, event{l.next, text})
	l.bytes += len(text)
	l.next++
	for len(l.events) > 1 && (len(l.events) > maxEvents || l.bytes > maxEventBytes) {
		l.bytes -= len(l.events[0].text)
		l.events[0].text = nil
		l.events = l.events[1:]
	}
	l.wake()
}

func (l *eventLog) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// close ends all streams.
func (l *eventLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		l.wake()
	}
}

// news is what a stream has not seen yet.
type news struct {
	events []event
	next   uint64 // the number that comes after them
	lost   bool   // some that it should see are gone
	closed bool
	more   <-chan struct{} // closed when there is more
}

// after returns the events from a number on.
func (l *eventLog) after(next uint64) news {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := news{next: l.next, closed: l.closed, more: l.changed}
	if len(l.events) == 0 || next >= l.next {
		return n
	}
	first := l.events[0].number
	if next < first {
		n.lost = true
		next = first
	}
	n.events = append(n.events, l.events[next-first:]...)
	return n
}

// end is the number of the event that comes next.
func (l *eventLog) end() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next
}

// resume returns the number from which a stream goes on that has seen the event with
// an id. It is false if that event is of another life of the program.
func (l *eventLog) resume(id string) (uint64, bool) {
	epoch, text, _ := strings.Cut(id, "-")
	seen, err := strconv.ParseUint(text, 10, 64)
	if err != nil || epoch != l.epoch || seen >= l.end() {
		return 0, false
	}
	return seen + 1, true
}
