//go:build amd64 || arm64

package driver

// lineKind says which of a connection's links a line uses.
type lineKind uint8

const (
	ofHost  lineKind = iota // connections of one host, or attempts that wait for one
	ofShard                 // idle connections of a shard, or attempts that wait for their turn at an endpoint
	lineKinds
)

// links are the neighbours of a connection in its line of each kind.
type links [lineKinds]struct{ ahead, behind *wireConn }

// line is some connections in the order in which they joined. Leaving it costs
// the same wherever one stands, and joining allocates nothing.
type line struct {
	kind        lineKind
	first, last *wireConn
	count       int
}

func (l *line) add(c *wireConn) {
	at := &c.links[l.kind]
	at.ahead, at.behind = l.last, nil
	if l.last == nil {
		l.first = c
	} else {
		l.last.links[l.kind].behind = c
	}
	l.last = c
	l.count++
}

func (l *line) remove(c *wireConn) {
	at := &c.links[l.kind]
	if at.ahead == nil {
		l.first = at.behind
	} else {
		at.ahead.links[l.kind].behind = at.behind
	}
	if at.behind == nil {
		l.last = at.ahead
	} else {
		at.behind.links[l.kind].ahead = at.ahead
	}
	at.ahead, at.behind = nil, nil
	l.count--
}
