package tracker

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// maxStrangers bounds the connections that have not said who they are yet.
const maxStrangers = 128

var errCrowded = errors.New("gave way to newer connections: too many have not said who they are")

// lobby is where a connection waits until its peer has said who it is. When it is
// full, the one that has waited longest must go: a peer that means well greets at
// once, and gets in however many do nothing.
type lobby struct {
	mu     sync.Mutex
	guests []guest // in the order of arrival
	count  uint64  // of guests ever
}

type guest struct {
	number uint64
	expel  context.CancelCauseFunc
}

// enter returns the context of a guest, which ends with errCrowded when it must go.
// The guest leaves by the function.
func (l *lobby) enter(ctx context.Context) (guestCtx context.Context, leave func()) {
	guestCtx, expel := context.WithCancelCause(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.guests) >= maxStrangers {
		l.guests[0].expel(errCrowded)
		l.guests = slices.Delete(l.guests, 0, 1)
	}
	l.count++
	number := l.count
	l.guests = append(l.guests, guest{number, expel})
	return guestCtx, func() {
		l.leave(number)
		expel(nil)
	}
}

func (l *lobby) leave(number uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.guests = slices.DeleteFunc(l.guests, func(g guest) bool { return g.number == number })
}
