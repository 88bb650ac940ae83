package drain

import (
	"errors"
	"fmt"
	"slices"
	"sync"
)

// queue lies between those who read sockets and the one who delivers. When it is full
// the readers wait, and then the kernel does: senders over a stream are slowed down,
// datagrams are lost.
type queue struct {
	limit int

	mu     sync.Mutex
	moved  sync.Cond // lines came, were taken, or the queue was closed
	parser Parser
	lines  []Line
	taken  int // lines that are being handled
	closed bool
	stats  Stats
}

func newQueue(limit int) *queue {
	q := &queue{limit: limit}
	q.moved.L = &q.mu
	return q
}

// offer takes in a message. names are the sources that the sender may speak for, nil
// for all. It returns false when the queue is closed.
func (q *queue) offer(message []byte, from string, names []string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	l, err := q.parser.Parse(trimEnd(message))
	switch {
	case errors.Is(err, ErrForeign):
		q.stats.Foreign++
		return !q.closed
	case err != nil:
		q.stats.note(malformed, from, fmt.Sprintf("%v: %.150q", err, message))
		return !q.closed
	case names != nil && !slices.Contains(names, l.Source):
		q.stats.note(untrusted, from, fmt.Sprintf("%q is not in its certificate", l.Source))
		return !q.closed
	}
	for len(q.lines) >= q.limit && !q.closed {
		q.moved.Wait()
	}
	if q.closed {
		return false
	}
	q.lines = append(q.lines, l)
	q.stats.Lines++
	q.moved.Broadcast()
	return true
}

// note counts a fault.
func (q *queue) note(f fault, from string, detail any) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stats.note(f, from, detail)
}

// deliver hands over batches until the queue is closed and empty, or handle fails.
func (q *queue) deliver(handle func([]Line) error) error {
	defer q.close()
	var batch []Line
	for {
		batch = q.take(batch)
		if len(batch) == 0 {
			return nil
		}
		if err := handle(batch); err != nil {
			return fmt.Errorf("handle %d drained lines: %w", len(batch), err)
		}
	}
}

// take waits for lines, and returns none when the queue is closed and empty. It keeps
// spare to fill it next.
func (q *queue) take(spare []Line) []Line {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.taken = 0
	for len(q.lines) == 0 && !q.closed {
		q.moved.Wait()
	}
	batch := q.lines
	q.taken = len(batch)
	clear(spare)
	q.lines = spare[:0]
	q.moved.Broadcast()
	return batch
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.moved.Broadcast()
}

func (q *queue) report(open int) Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.stats
	s.Open, s.Pending, s.Handled = open, len(q.lines), q.taken
	return s
}

// trimEnd removes the line feeds and zeros that end a message.
func trimEnd(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == 0 || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return b
}
