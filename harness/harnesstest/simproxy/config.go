package simproxy

import (
	"crypto/tls"
	"net"
	"time"
)

// Config says what HAProxy is simulated. Zero means the default written beside it.
type Config struct {
	Name  string   // its peer name; required
	Addrs []string // of trackers to dial, each with a session and a cursor of its own

	// Listener is where trackers may call; its session replaces that with the first
	// of Addrs. It stays open when Run ends. Nil: nobody can call.
	Listener *net.TCPListener

	Tracker    string      // peer name of the trackers; "tracker"
	TLS        *tls.Config // protects sessions both ways; ServerName is set to Tracker
	Table      string      // as on the wire; "/quota"
	KeyLen     uint64      // as on the wire, longest key plus 1, in bytes; 65
	Generation string      // of the keys, which are then "customer|generation"; plain keys if empty
	PID        int         // 1; Reload and Crash add 1

	FirstID uint32 // number of the update before the first one; near 2^32 it soon wraps
	Untimed bool   // speak 2.0: lessons look like live updates
	Seed    uint64 // of the random customers of Flood and Pace

	Redial        time.Duration // from the end of a session to the next one; 5 s
	Silence       time.Duration // without a byte from the tracker, before it is dropped; 5 s
	Heartbeat     time.Duration // without a byte to the tracker; 3 s
	ResyncTimeout time.Duration // of our own resync request; 5 s
	LearnAfter    time.Duration // from the start of a reloaded process until it has learned, unless Learn is called before; 0
}

func (c Config) withDefaults() Config {
	set := func(d *time.Duration, fallback time.Duration) {
		if *d == 0 {
			*d = fallback
		}
	}
	set(&c.Redial, 5*time.Second)
	set(&c.Silence, 5*time.Second)
	set(&c.Heartbeat, 3*time.Second)
	set(&c.ResyncTimeout, 5*time.Second)
	if c.Tracker == "" {
		c.Tracker = "tracker"
	}
	if c.Table == "" {
		c.Table = "/quota"
	}
	if c.KeyLen == 0 {
		c.KeyLen = 65
	}
	if c.PID == 0 {
		c.PID = 1
	}
	return c
}
