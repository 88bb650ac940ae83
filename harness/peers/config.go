package peers

import (
	"math"
	"time"
)

// Config says who we are and how patient. A zero duration or limit means the
// default written beside it.
type Config struct {
	Name string // our own peer name; required
	PID  int    // announced when calling; informational

	Handshake time.Duration // for the whole handshake; 5 s
	Heartbeat time.Duration // 1 s; HAProxy drops a peer that is silent for 5 s
	Read      time.Duration // without a byte from the peer; 10 s, HAProxy beats every 3 s
	Write     time.Duration // for one write; 5 s

	ResyncRetry time.Duration // after a partial resync; 500 ms
	ResyncEvery time.Duration // after a finished resync; 60 s, negative for never

	MaxMessage int // bytes; DefaultMaxMessage
	MaxTables  int // DefaultMaxTables

	// AnswerRefusals makes Accept answer a greeting it refuses with its Status, as
	// the protocol wants. An HAProxy that is told so never calls again until it is
	// restarted; by default it just sees the connection close and calls again.
	AnswerRefusals bool

	// Version20 makes Call announce version 2.0, for a peer that refused 2.1 with
	// StatusVersion. A Caller finds out by itself.
	Version20 bool

	// NoAcks makes a session acknowledge nothing. What the peer pushed it will push
	// again to whoever connects under our name.
	NoAcks bool

	// NeverTeach are the names of tables that Session.Teach must not touch, such as
	// "/quota": to teach it would overwrite what was counted.
	NeverTeach []string
}

func (c Config) withDefaults() Config {
	set := func(d *time.Duration, fallback time.Duration) {
		if *d == 0 {
			*d = fallback
		}
	}
	set(&c.Handshake, 5*time.Second)
	set(&c.Heartbeat, time.Second)
	set(&c.Read, 10*time.Second)
	set(&c.Write, 5*time.Second)
	set(&c.ResyncRetry, 500*time.Millisecond)
	set(&c.ResyncEvery, time.Minute)
	if c.ResyncEvery < 0 {
		c.ResyncEvery = math.MaxInt64
	}
	return c
}
