package drain

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// datagrams is a socket on which each datagram is a message: udp and unixgram.
type datagrams struct {
	name    string // as in Config.Listen
	conn    datagramConn
	read    func([]byte) (int, netip.AddrPort, error)
	foreign func(netip.Addr) bool // may not send
	claim   *claim                // of a path; nil for udp
	buffer  int                   // bytes
	queue   int                   // datagrams
}

// datagramConn is a *net.UDPConn or *net.UnixConn.
type datagramConn interface {
	net.Conn
	syscall.Conn
}

func openUDP(ctx context.Context, cfg Config, name string, a address) (*datagrams, error) {
	packets, err := new(net.ListenConfig).ListenPacket(ctx, "udp", a.String())
	if err != nil {
		return nil, err
	}
	conn := packets.(*net.UDPConn)
	return &datagrams{
		name: name, conn: conn, read: conn.ReadFromUDPAddrPort, buffer: widen(conn, cfg.Buffer),
		foreign: func(from netip.Addr) bool { return !cfg.allows("udp", from) },
	}, nil
}

func openUnixgram(ctx context.Context, name string, a address) (*datagrams, error) {
	path, err := claimPath(ctx, a)
	if err != nil {
		return nil, err
	}
	packets, err := new(net.ListenConfig).ListenPacket(ctx, "unixgram", a.path)
	if err != nil {
		return nil, err
	}
	if err := path.own(); err != nil {
		return nil, errors.Join(err, packets.Close())
	}
	conn := packets.(*net.UnixConn)
	return &datagrams{
		name: name, conn: conn, claim: path, queue: datagramQueue(),
		read: func(b []byte) (int, netip.AddrPort, error) {
			n, err := conn.Read(b)
			return n, netip.AddrPort{}, err
		},
		foreign: func(netip.Addr) bool { return false }, // the mode of the file says who may
	}, nil
}

func (d *datagrams) serve(ctx context.Context, r *Receiver) error {
	p := patience{conn: d.conn}
	release := context.AfterFunc(ctx, p.end)
	defer release()
	buf := make([]byte, r.cfg.MaxLine+1)
	for {
		if ctx.Err() != nil {
			p.until(time.Time{}) // anew: what was read before may have waited for its turn
		}
		n, from, err := d.read(buf)
		switch {
		case err != nil && ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case err != nil:
			return fmt.Errorf("receive at %s: %w", d.name, err)
		case d.foreign(from.Addr()):
			r.queue.note(forbidden, d.name, from)
		case n > r.cfg.MaxLine:
			r.queue.note(tooLong, d.name, fmt.Sprintf("limit is %d bytes", r.cfg.MaxLine))
		case !r.queue.offer(buf[:n], d.name, nil):
			return nil
		}
	}
}

func (d *datagrams) stats() SocketStats {
	s := SocketStats{Addr: d.name, Buffer: d.buffer, Queue: d.queue}
	if d.claim == nil {
		s.Waiting, s.Lost = backlog(d.conn)
	}
	return s
}

func (d *datagrams) addr() net.Addr { return d.conn.LocalAddr() }

func (d *datagrams) close() error { return errors.Join(d.conn.Close(), d.claim.release()) }
