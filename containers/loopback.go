package containers

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// loopbackNet is a /24 of 127.0.0.0/8 that belongs to one lab while a listening
// socket on its last address is held. The kernel gives the socket to one process
// only, whoever's, and takes it back when that process dies.
type loopbackNet struct {
	prefix string // such as 127.31.7
	claim  net.Listener
}

// claimPort is where a net is claimed; no node uses it.
const claimPort = 20099

// reserveNet takes a random net that nobody holds.
func reserveNet() (*loopbackNet, error) {
	var lastErr error
	for range 16 {
		prefix := fmt.Sprintf("127.%d.%d", 16+rand.IntN(230), rand.IntN(256))
		claim, err := net.Listen("tcp", fmt.Sprintf("%s.254:%d", prefix, claimPort))
		if err == nil {
			return &loopbackNet{prefix: prefix, claim: claim}, nil
		}
		lastErr = err
	}
	return nil, &EnvironmentError{
		What: "no loopback addresses for the lab", Err: lastErr,
		Mend: "the process engine needs Linux, where all of 127.0.0.0/8 is local; stop " + whoListens("127.0.0.1", claimPort),
	}
}

func (n *loopbackNet) address(number int) string { return fmt.Sprintf("%s.%d", n.prefix, number) }

// Close gives the net back.
func (n *loopbackNet) Close() error { return n.claim.Close() }
