package driver

import (
	"bytes"
	"crypto/tls"

	"github.com/haproof/haproof/harness"
)

// habits are how a client makes and uses connections, see harness.Connect. The
// zero value is without limits.
type habits struct {
	most     int  // connections open at a time, 0 for no limit
	oldest   bool // the idle one used longest ago goes first
	requests int  // attempts of a connection, 0 for no limit
}

func newHabits(w harness.Workload) habits {
	if w.Connect == nil {
		return habits{}
	}
	return habits{
		most: max(0, w.Connect.Most), oldest: w.Connect.Reuse == harness.ReuseOldest,
		requests: max(0, w.Connect.Requests),
	}
}

// last says whether a connection that has carried so many attempts carries no more.
func (h habits) last(carried int) bool { return h.requests > 0 && carried >= h.requests }

// versions returns the lowest and the highest version of TLS that a workload
// allows; 0 for the highest that there is.
func versions(w harness.Workload) (lowest, highest uint16) {
	switch {
	case w.Connect != nil && w.Connect.TLS == "1.2":
		return tls.VersionTLS12, tls.VersionTLS12
	case w.Connect != nil && w.Connect.TLS == "1.3":
		return tls.VersionTLS13, tls.VersionTLS13
	}
	return tls.VersionTLS12, 0
}

var lineEnd = []byte("\r\n")

// appendLast appends an attempt that says that its connection carries no other
// one (RFC 9112, 9.6).
func appendLast(to, attempt []byte) []byte {
	first := bytes.Index(attempt, lineEnd) + len(lineEnd)
	to = append(append(to, attempt[:first]...), "Connection: close\r\n"...)
	return append(to, attempt[first:]...)
}
