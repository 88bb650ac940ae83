//go:build amd64 || arm64

package driver

import (
	"bytes"
	"sync"
	"sync/atomic"
)

// shakeInput is how much is read at once during a handshake.
const shakeInput = 16 << 10

// shake is a handshake in progress: what its goroutine and its shard have in
// common. crypto/tls can shake hands in a goroutine only; what that waits for, the
// shard sees.
type shake struct {
	ready chan struct{} // holds one where something has happened on the socket
	given atomic.Bool   // given up
	input []byte
	err   error // how it ended, once it has
}

// stir has the goroutine look at the socket again.
func (k *shake) stir() {
	select {
	case k.ready <- struct{}{}:
	default:
	}
}

// abort gives the handshake up. It still ends by shaken.
func (k *shake) abort() {
	k.given.Store(true)
	k.stir()
}

// wait returns when the socket may have something, or false where the handshake
// was given up.
func (k *shake) wait() bool {
	if !k.given.Load() {
		<-k.ready
	}
	return !k.given.Load()
}

// shakers are the goroutines of a shard that shake hands. They are kept for
// further handshakes, with the stacks that those need.
type shakers struct {
	errands chan *wireConn
	all     sync.WaitGroup
	wake    func()

	some atomic.Bool // there are done ones
	mu   sync.Mutex
	done []*wireConn
}

func newShakers(wake func()) *shakers {
	return &shakers{errands: make(chan *wireConn), wake: wake}
}

// begin has a handshake made. It never waits.
func (k *shakers) begin(c *wireConn) {
	select {
	case k.errands <- c:
		return
	default:
	}
	k.all.Go(func() {
		input := make([]byte, shakeInput)
		k.do(c, input)
		for next := range k.errands {
			k.do(next, input)
		}
	})
}

func (k *shakers) do(c *wireConn, input []byte) {
	stream := &c.secure.stream
	stream.shake.input = input
	if stream.shake.err = c.secure.Handshake(); stream.shake.err == nil {
		stream.ahead = bytes.Clone(stream.ahead) // the input serves others from now on
	}
	k.mu.Lock()
	k.done = append(k.done, c)
	k.some.Store(true)
	k.mu.Unlock()
	k.wake()
}

// take appends the connections whose handshakes have ended since the last time.
func (k *shakers) take(to []*wireConn) []*wireConn {
	if !k.some.Load() {
		return to
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.some.Store(false)
	to = append(to, k.done...)
	clear(k.done)
	k.done = k.done[:0]
	return to
}

// close returns when all goroutines have ended. All handshakes must have been
// given up.
func (k *shakers) close() {
	close(k.errands)
	k.all.Wait()
}

// shakeHands begins the handshake of a connection that stands.
func (s *shard) shakeHands(c *wireConn) {
	if c.busy {
		now := s.now()
		c.phases.connect, c.since = now-c.since, now
	}
	c.shake = &shake{ready: make(chan struct{}, 1)}
	c.secure = newSecureConn(c.fd, c.host, s, c.shake)
	s.shakers.begin(c)
}

// shaken goes on with the connections whose handshakes have ended. Like admit, it
// must not be called while events are being served.
func (s *shard) shaken() {
	s.shook = s.shakers.take(s.shook[:0])
	for i, c := range s.shook {
		s.shook[i] = nil
		err, given := c.shake.err, c.shake.given.Load()
		switch {
		case given: // what it was for has ended already
			c.shake, c.secure = nil, nil
			s.end(c)
		case err != nil && c.busy:
			s.failShake(c, err)
		case err != nil:
			c.shake, c.secure, c.host.server.cold = nil, nil, true
			s.end(c)
		default:
			s.secured(c)
		}
	}
}

// failShake ends the attempt whose connection could not shake hands.
func (s *shard) failShake(c *wireConn, err error) {
	end := ending{dynamic: c.target.Dynamic, phases: c.phases}
	end.broken(false, err)
	end.cause = causeOf(err, handshaking)
	c.shake, c.secure = nil, nil
	s.conclude(c, &end, false)
}

// secured puts a connection whose handshake is done to use.
func (s *shard) secured(c *wireConn) {
	stream := &c.secure.stream
	c.shake, stream.shake, c.connected = nil, nil, true
	c.host.server.shaking--
	stream.hungUp = true // events that came during the handshake are gone: read to the end
	if c.busy {
		c.phases.handshake = s.now() - c.since
		s.depart(c)
	} else {
		s.rest(c)
	}
	if c.fd != none {
		s.readSecure(c, true)
	}
}
