package driver

import (
	"crypto/tls"
	"sync"
)

// resumption keeps the TLS sessions of an endpoint and lets a share of the
// connections that could resume one do so: after n of them, within one of n times
// the share have. It is safe for concurrent use.
type resumption struct {
	tls.ClientSessionCache
	share float64

	mu    sync.Mutex
	asked uint64 // connections that had a session to offer
}

// newResumption returns the sessions of an endpoint; all are offered where no
// share is given.
func newResumption(share *float64) *resumption {
	r := &resumption{ClientSessionCache: tls.NewLRUClientSessionCache(sessionsKept), share: 1}
	if share != nil {
		r.share = *share
	}
	return r
}

// Get returns a host's session where a new connection is to offer it. crypto/tls
// asks once per handshake.
func (r *resumption) Get(host string) (*tls.ClientSessionState, bool) {
	session, ok := r.ClientSessionCache.Get(host)
	if !ok || session == nil || !r.turn() {
		return nil, false
	}
	return session, true
}

// turn says whether the next connection that could resume does.
func (r *resumption) turn() bool {
	const rounding = 1e-9 // ten times 0.1 is to be 1
	r.mu.Lock()
	defer r.mu.Unlock()
	before := uint64(float64(r.asked)*r.share + rounding)
	r.asked++
	return uint64(float64(r.asked)*r.share+rounding) > before
}
