//go:build amd64 || arm64

package driver

import (
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// wireServer is an endpoint as one shard sees it.
type wireServer struct {
	of          *server
	clear       wireHost // in clear a connection carries any host
	secure      map[string]*wireHost
	kept        int
	plain, safe wireAddress
	shaking     int           // connections over TLS that are being opened
	connecting  int           // those in clear
	reopens     time.Duration // when one in clear may be opened however many are being
	cold        bool          // opening connections ahead of attempts has failed
	turns       [2]line       // attempts that wait until a connection may be opened: in clear, over TLS
}

// wireHost is what a connection can be used for: a host of an endpoint over TLS,
// or all of them in clear.
type wireHost struct {
	server  *wireServer
	config  *tls.Config // nil in clear
	idle    line        // the one used last is the last
	waiting line        // attempts that would take an idle one
}

func (h *wireHost) secure() bool { return h.config != nil }

// wireAddress is where an endpoint takes connections.
type wireAddress struct {
	domain int // address family
	socket unix.Sockaddr
	tcp    *net.TCPAddr
	err    error // why there is none
}

func newWireServer(of *server, kept int) *wireServer {
	v := &wireServer{
		of: of, kept: kept, secure: map[string]*wireHost{}, turns: [2]line{{kind: ofShard}, {kind: ofShard}},
		plain: newWireAddress(of.endpoint.HTTP), safe: newWireAddress(of.endpoint.HTTPS),
	}
	v.clear = wireHost{server: v}
	return v
}

func newWireAddress(address string) (a wireAddress) {
	a.tcp, a.err = net.ResolveTCPAddr("tcp", address)
	if a.err == nil && a.tcp.IP == nil {
		a.err = fmt.Errorf("%q names no host", address) // such as an endpoint that speaks TLS only
	}
	if a.err != nil {
		return a
	}
	if four := a.tcp.IP.To4(); four != nil {
		a.domain, a.socket = unix.AF_INET, &unix.SockaddrInet4{Port: a.tcp.Port, Addr: [4]byte(four)}
	} else {
		a.domain, a.socket = unix.AF_INET6, &unix.SockaddrInet6{Port: a.tcp.Port, Addr: [16]byte(a.tcp.IP.To16())}
	}
	return a
}

// host returns what connections for the target are kept under.
func (v *wireServer) host(target *Target) *wireHost {
	if !target.TLS {
		return &v.clear
	}
	if h := v.secure[target.Host]; h != nil {
		return h
	}
	h := &wireHost{server: v, config: v.of.configFor(target.Host)}
	v.secure[target.Host] = h
	return h
}

// turn returns the line of attempts that wait until a connection may be opened.
func (h *wireHost) turn() *line {
	if h.secure() {
		return &h.server.turns[1]
	}
	return &h.server.turns[0]
}

// opening returns how many of the endpoint's connections like the host's are being opened.
func (h *wireHost) opening() *int {
	if h.secure() {
		return &h.server.shaking
	}
	return &h.server.connecting
}

// address returns where connections of the host go.
func (h *wireHost) address() *wireAddress {
	if h.secure() {
		return &h.server.safe
	}
	return &h.server.plain
}
