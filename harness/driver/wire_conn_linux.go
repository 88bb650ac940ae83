//go:build amd64 || arm64

package driver

import (
	"time"

	"github.com/haproof/haproof/harness"
)

// wireConn is a connection that belongs to a shard. It carries one attempt at a
// time. An attempt that waits for a connection has one without a descriptor.
type wireConn struct {
	fd        int // none: no descriptor
	host      *wireHost
	connected bool        // it can carry attempts: it stands, over TLS its handshake is done
	secure    *secureConn // nil in clear
	shake     *shake      // its handshake in progress, else nil
	standing  standing
	carried   int    // attempts so far
	pending   []byte // what the kernel has not taken yet; before it is connected, the attempt in clear
	partial   []byte // of the answer: the beginning of a line
	links     links

	flight
}

// none is in place of a descriptor.
const none = -1

// standing is where a connection stands that carries nothing, or stands for an
// attempt that waits.
type standing uint8

const (
	nowhere standing = iota
	idling           // in the lines of its host's and its shard's idle connections
	waiting          // without a descriptor, in the lines of its host and its endpoint
)

// flight is the attempt that a connection carries.
type flight struct {
	busy         bool
	sent         bool // the kernel has taken some of it
	attempt      harness.Attempt
	user         *user  // whose it is; nil where attempts know nothing of each other
	target       Target // without Path
	deadline     time.Duration
	since        time.Duration // when the phase that its connection is in began
	phases       phases
	parser       answerParser
	older, newer *wireConn
}

// spoiled says whether a connection that carries nothing must not carry an attempt any
// more: something unasked has begun to come, or what TLS itself had to say did not all go.
func (c *wireConn) spoiled() bool {
	return c.secure != nil && (c.secure.stream.within() || len(c.pending) > 0)
}

// stage says how far the connection has come.
func (c *wireConn) stage() stage {
	switch {
	case c.connected:
		return exchanging
	case c.shake != nil, c.standing == waiting && c.host.secure():
		return handshaking
	}
	return connecting
}
