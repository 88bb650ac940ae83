package peers

import "sync"

// reply is what the peer is told about one batch of what it has said, or about several.
type reply struct {
	confirm bool // it has finished its lesson
	acks    []Ack
	table   *Definition // what the last of acks is for
}

// note remembers to acknowledge an update: one acknowledgement per table is enough.
func (r *reply) note(u *Update) {
	if u.Table == r.table && len(r.acks) > 0 {
		r.acks[len(r.acks)-1].ID = u.ID
		return
	}
	r.ack(Ack{TableID: u.Table.ID, ID: u.ID})
	r.table = u.Table
}

// ack puts an acknowledgement at the end, in place of an older one for the table.
func (r *reply) ack(a Ack) {
	for i := range r.acks {
		if r.acks[i].TableID == a.TableID {
			r.acks[i] = r.acks[len(r.acks)-1]
			r.acks = r.acks[:len(r.acks)-1]
			break
		}
	}
	r.acks = append(r.acks, a)
}

func (r *reply) empty() bool { return !r.confirm && len(r.acks) == 0 }

func (r *reply) reset() { r.confirm, r.acks, r.table = false, r.acks[:0], nil }

func (r *reply) appendTo(b []byte) []byte {
	if r.confirm {
		b = ResyncConfirm.AppendTo(b)
	}
	for _, a := range r.acks {
		b = a.AppendTo(b)
	}
	return b
}

// replies is where the reader leaves what is to be said without delay. It never writes
// itself: two sides that both write without reading would wait for each other.
type replies struct {
	mu   sync.Mutex
	due  reply
	wake chan struct{} // holds one; something is due
}

// leave moves a batch there. It does not grow: a peer that reads nothing is told less.
func (r *replies) leave(batch *reply) {
	if batch.empty() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.due.confirm = r.due.confirm || batch.confirm
	for _, a := range batch.acks {
		r.due.ack(a)
	}
	batch.reset()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// take appends what is due to b.
func (r *replies) take(b []byte) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	b = r.due.appendTo(b)
	r.due.reset()
	return b
}
