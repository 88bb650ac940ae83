package webhook

import (
	"fmt"
	"time"
)

// handle makes an attempt if it is time for one. It says what is known of the message
// then, and whether it has left the outbox.
func (w *walk) handle(m Message, known trouble) (after trouble, left bool) {
	if time.Now().Before(known.next) {
		return known, false
	}
	if known.arrived.IsZero() {
		pass, ok := w.sender.gate.enter(w.ctx, known.since)
		if !ok {
			return known, false
		}
		o := w.sender.post(w.attempts, m)
		o.after = min(o.after, w.sender.pauses.longest)
		w.sender.gate.leave(pass, o)
		w.sender.noteAttempt(o)
		if o.err != nil {
			return w.fail(m, known, o), false
		}
		known.arrived = time.Now()
	}
	return w.settle(m, known)
}

// settle tells the outbox that a message has arrived. If that fails, only this is
// tried again.
func (w *walk) settle(m Message, known trouble) (after trouble, left bool) {
	if err := w.sender.cfg.Outbox.Delivered(w.attempts, m.ID, known.arrived); err != nil {
		return w.fail(m, known, outcome{err: fmt.Errorf("outbox: the message has arrived, but: %w", err)}), false
	}
	w.sender.troubles.end(m.ID)
	w.sender.noteDelivered(known.arrived)
	return trouble{}, true
}

// fail sets when to try again.
func (w *walk) fail(m Message, known trouble, o outcome) (after trouble) {
	now := time.Now()
	if known.attempts == 0 {
		known.since = now
	}
	known.attempts++
	known.walk = w.number
	p := w.sender.pauses
	wait := max(p.after(known.attempts), o.after)
	if o.refused {
		wait = p.refusal()
	}
	known.next = now.Add(wait)
	w.sender.troubles.set(m.ID, known)
	w.sender.report(Failure{
		ID: m.ID, Attempts: known.attempts, Age: now.Sub(m.Created),
		Refused: o.refused, Retry: wait, Err: o.err,
	})
	return known
}
