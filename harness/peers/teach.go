package peers

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// A Handler that is a Teacher has something to say to a peer that starts with empty
// tables.
type Teacher interface {
	// Lesson is called when the peer requests a resync, after the commit of what it
	// sent before. The Teacher calls s.Teach with everything that the peer should
	// know; when Lesson returns nil the peer is told that this was all. An error that
	// wraps ErrPartial tells it that something is missing, which makes HAProxy wait
	// 5 s longer. Any other error ends the session.
	//
	// Lesson is also called when the peer defines a table with keys of another length
	// than it was taught with, and so has ignored what it was taught. It is called in a
	// goroutine of its own, one call at a time, so that reading goes on meanwhile. A
	// panic of it comes out of Run.
	Lesson(s *Session) error
}

// ErrPartial is what a Teacher returns that is still learning itself.
var ErrPartial = errors.New("not everything is known yet")

// teachSize is how much is written at once when teaching, in bytes.
const teachSize = 32 << 10

// Teach sends entries of a table, which takes the place of what the peer knew about
// their keys. def says how they lie on the wire; its number is not used, and its key
// length is replaced by that of the peer's own table if the peer has defined it.
// Teach may be called from any goroutine while Run is running, and takes as long as
// the peer needs to read, at most Config.Write per 32 KiB.
//
// Entries that cannot be sent as they are, are left out, and the error wraps ErrUnfit;
// all the others have been sent then. The error wraps ErrForbidden for a table of
// Config.NeverTeach. After any other error the session is broken.
//
// HAProxy takes no notice of a table that it does not have, or that has other keys:
// see Taught.
func (s *Session) Teach(def *Definition, entries ...Entry) error {
	if slices.Contains(s.cfg.NeverTeach, def.Name) {
		return fmt.Errorf("teach %s: %w", def.Name, ErrForbidden)
	}
	s.teaching.Lock()
	defer s.teaching.Unlock()
	b, err := s.pupil.begin(def, s.peer.version20(), s.dec.maxMessage())
	if err != nil {
		return fmt.Errorf("teach: %w", err)
	}
	for len(entries) > 0 {
		entries = entries[b.prepare(entries):]
		if err := s.write(b.frames); err != nil {
			return fmt.Errorf("teach peer %s: %w", s.peer.From, err)
		}
	}
	if b.unfit != nil {
		return fmt.Errorf("teach %s: %d left out, the first: %w", def.Name, b.left, b.unfit)
	}
	return nil
}

// Taught says how far the peer has followed what Teach sent about a table.
func (s *Session) Taught(table string) Taught {
	s.pupil.Lock()
	defer s.pupil.Unlock()
	if l := s.pupil.find(table); l != nil {
		return l.taught
	}
	return Taught{}
}

// AwaitTaught waits until the peer has applied everything that Teach had sent about
// a table when it was called. It waits for ctx if the peer never does, and fails
// when the session ends.
func (s *Session) AwaitTaught(ctx context.Context, table string) error {
	want := s.Taught(table).Sent
	for {
		taught, changed := s.pupil.watch(table)
		if taught.Applied >= want {
			return nil
		}
		select {
		case <-changed:
		case <-s.ended:
			return fmt.Errorf("session ended with %d of %d entries of %s applied", taught.Applied, want, table)
		case <-ctx.Done():
			return fmt.Errorf("%d of %d entries of %s applied: %w", taught.Applied, want, table, ctx.Err())
		}
	}
}
