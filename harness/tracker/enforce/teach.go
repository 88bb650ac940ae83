package enforce

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/haproof/haproof/harness/peers"
)

// followPatience is how long a peer may take to apply a lesson before it is reported
// that it has no such table.
const followPatience = 5 * time.Second

// Teach keeps a peer informed of who is denied until ctx or the session ends: all of
// them at once and with each refresh, and changes as they come.
func (e *Enforcer) Teach(ctx context.Context, s *peers.Session) {
	if e.cfg.Table.Name == "" {
		return
	}
	t := &teacher{enforcer: e, session: s, table: e.cfg.Table.definition(), full: true}
	refresh := time.NewTicker(e.cfg.Table.Refresh)
	defer refresh.Stop()
	for {
		lesson, changed := t.prepare()
		if err := t.give(ctx, lesson); err != nil {
			return // the session is broken, which its reader reports
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-refresh.C:
			t.full = true
		}
	}
}

// Lesson teaches a peer everything; it is for peers that ask.
func (e *Enforcer) Lesson(s *peers.Session) error {
	if e.cfg.Table.Name == "" {
		return nil
	}
	t := &teacher{enforcer: e, session: s, table: e.cfg.Table.definition(), full: true}
	lesson, _ := t.prepare()
	return t.send(lesson)
}

// teacher is what one session was taught.
type teacher struct {
	enforcer *Enforcer
	session  *peers.Session
	table    *peers.Definition
	next     uint64 // change
	full     bool   // everything is due
	checked  bool   // the peer was seen to follow, or reported not to
}

// prepare returns what is due, and a channel that is closed when there is more.
func (t *teacher) prepare() ([]peers.Entry, <-chan struct{}) {
	e := t.enforcer
	e.mu.Lock()
	defer e.mu.Unlock()
	lesson, ok := e.lessons.since(t.next)
	if t.full || !ok {
		lesson = e.lessons.everything(e.meter.Denied(), e.now(), e.cfg.Table.Refresh)
	}
	t.full = false
	t.next = e.lessons.next()
	return lesson, e.lessons.changed
}

// give teaches, and once in a session sees whether the peer follows.
func (t *teacher) give(ctx context.Context, lesson []peers.Entry) error {
	if len(lesson) == 0 {
		return nil
	}
	if err := t.send(lesson); err != nil {
		return err
	}
	if t.checked {
		return nil
	}
	t.checked = true
	patience, cancel := context.WithTimeout(ctx, followPatience)
	defer cancel()
	err := t.session.AwaitTaught(patience, t.table.Name)
	if err != nil && patience.Err() != nil && ctx.Err() == nil {
		t.report(fmt.Errorf("it does not follow: has it `table %s type string len %d … store gpt0`? %w",
			t.enforcer.cfg.Table.Name, t.enforcer.cfg.Table.Length, err))
	}
	return nil
}

// send reports what does not fit; other customers are taught nevertheless.
func (t *teacher) send(lesson []peers.Entry) error {
	err := t.session.Teach(t.table, lesson...)
	if errors.Is(err, peers.ErrUnfit) || errors.Is(err, peers.ErrForbidden) {
		t.report(err)
		return nil
	}
	return err
}

func (t *teacher) report(err error) {
	if t.enforcer.cfg.Report != nil {
		t.enforcer.cfg.Report(t.session.Peer().From, err)
	}
}
