//go:build amd64 || arm64

package driver

import (
	"errors"
	"net"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/haproof/haproof/harness"
)

// wireConn is a connection in clear that belongs to a shard. It carries one
// attempt at a time.
type wireConn struct {
	fd        int
	server    *wireServer
	connected bool
	pending   []byte // of the attempt: what the kernel has not taken yet
	partial   []byte // of the answer: the beginning of a line

	// The attempt that it carries.
	busy     bool
	sent     bool // the kernel has taken some of it
	attempt  harness.Attempt
	target   Target // without Path
	deadline time.Duration
	parser   answerParser
	older    *wireConn
	newer    *wireConn
}

// roster keeps the busy connections of a shard in the order of their deadlines,
// which is the order in which their attempts were sent.
type roster struct {
	oldest, newest *wireConn
	count          int
}

func (r *roster) add(c *wireConn) {
	c.busy, c.older, c.newer = true, r.newest, nil
	if r.newest == nil {
		r.oldest = c
	} else {
		r.newest.newer = c
	}
	r.newest = c
	r.count++
}

func (r *roster) remove(c *wireConn) {
	if c.older == nil {
		r.oldest = c.newer
	} else {
		c.older.newer = c.newer
	}
	if c.newer == nil {
		r.newest = c.older
	} else {
		c.newer.older = c.older
	}
	c.busy, c.older, c.newer = false, nil, nil
	r.count--
}

// wireServer is an endpoint in clear with a shard's idle connections to it. The
// most recently used goes first, as in the other drivers' pools.
type wireServer struct {
	domain  int // address family
	address unix.Sockaddr
	err     error // why there is no address
	kept    int
	idle    []*wireConn
}

func newWireServer(address string, kept int) *wireServer {
	v := &wireServer{kept: kept}
	tcp, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		v.err = err
		return v
	}
	if four := tcp.IP.To4(); four != nil {
		v.domain, v.address = unix.AF_INET, &unix.SockaddrInet4{Port: tcp.Port, Addr: [4]byte(four)}
	} else {
		v.domain, v.address = unix.AF_INET6, &unix.SockaddrInet6{Port: tcp.Port, Addr: [16]byte(tcp.IP.To16())}
	}
	return v
}

// connection returns a connection to the server: an idle one, else a new one.
func (s *shard) connection(v *wireServer) (*wireConn, error) {
	if last := len(v.idle) - 1; last >= 0 {
		c := v.idle[last]
		v.idle = v.idle[:last]
		return c, nil
	}
	return s.open(v)
}

// open begins to connect. How that ends is told by an event.
func (s *shard) open(v *wireServer) (*wireConn, error) {
	if v.err != nil {
		return nil, v.err
	}
	fd, err := unix.Socket(v.domain, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		return nil, err
	}
	err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if err == nil {
		err = unix.Connect(fd, v.address)
	}
	if err == nil || errors.Is(err, unix.EINPROGRESS) {
		err = s.poller.watch(fd)
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	for len(s.conns) <= fd {
		s.conns = append(s.conns, nil)
	}
	s.conns[fd] = &wireConn{fd: fd, server: v}
	return s.conns[fd], nil
}

// drop closes a connection that carries nothing.
func (s *shard) drop(c *wireConn) {
	s.conns[c.fd] = nil
	_ = unix.Close(c.fd)
	if at := slices.Index(c.server.idle, c); at >= 0 {
		c.server.idle = slices.Delete(c.server.idle, at, at+1)
	}
}

const (
	// clearPreheated is how many connections in clear are opened to each endpoint
	// before the clock starts.
	clearPreheated = 8
	// warmPatience bounds the wait for them.
	warmPatience = time.Second
)

// warm opens n connections to each server and waits until they stand. One that
// fails is left to the attempts, which say why.
func (s *shard) warm(n int) error {
	for _, v := range s.servers {
		for len(v.idle) < min(n, v.kept) {
			c, err := s.open(v)
			if err != nil {
				break
			}
			v.idle = append(v.idle, c)
		}
	}
	for deadline := time.Now().Add(min(s.timeout, warmPatience)); s.connecting(); {
		events, err := s.poller.wait(max(0, time.Until(deadline)))
		if err != nil {
			return err
		}
		if s.serveAll(events); !time.Now().Before(deadline) {
			return nil
		}
	}
	return nil
}

// connecting says whether an idle connection does not stand yet.
func (s *shard) connecting() bool {
	for _, v := range s.servers {
		for _, c := range v.idle {
			if !c.connected {
				return true
			}
		}
	}
	return false
}
