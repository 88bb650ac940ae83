package receiver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"syscall"
	"time"
	"unsafe"
)

// accept takes what waits, as long as there is room.
func (l *loop) accept() error {
	for {
		if l.server.connections.Load() >= MostConnections {
			l.full = true
			return syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_DEL, l.listener, nil)
		}
		fd, _, err := syscall.Accept4(l.listener, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
		switch {
		case errors.Is(err, syscall.EAGAIN):
			return nil
		case errors.Is(err, syscall.EINTR), errors.Is(err, syscall.ECONNABORTED):
			continue
		case err != nil:
			return fmt.Errorf("accept: %w", err)
		}
		_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1) // only slower without
		if err := l.watch(fd); err != nil {
			_ = syscall.Close(fd)
			return fmt.Errorf("watch a connection: %w", err)
		}
		for len(l.conns) <= fd {
			l.conns = append(l.conns, nil)
		}
		l.conns[fd] = &client{fd: fd}
		l.server.connections.Add(1)
	}
}

// ring wakes the loop. It may be called from any goroutine until the loop ends.
func (l *loop) ring() { _, _ = syscall.Write(l.bell[1], []byte{1}) } // a full pipe wakes too

// heard takes connections again where there is room.
func (l *loop) heard() error {
	var some [64]byte
	_, _ = syscall.Read(l.bell[0], some[:])
	return l.resume()
}

func (l *loop) resume() error {
	if !l.full || l.server.connections.Load() >= MostConnections {
		return nil
	}
	l.full = false
	return l.watch(l.listener)
}

// drop ends a connection.
func (l *loop) drop(c *client) error {
	l.conns[c.fd] = nil
	_ = syscall.Close(c.fd) // both sides have said all
	l.server.connections.Add(-1)
	return l.resume()
}

// read takes what has come on a connection and answers it.
func (l *loop) read(ctx context.Context, c *client) error {
	kept := copy(l.input, c.partial)
	n, control, _, _, err := syscall.Recvmsg(c.fd, l.input[kept:], l.control[:], 0)
	switch {
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EINTR):
		return nil
	case err != nil, n == 0:
		return l.drop(c)
	}
	at := stampOf(l.control[:control])
	if at == 0 {
		at = time.Now().UnixNano()
	}
	return l.serve(ctx, c, l.input[:kept+n], at)
}

// stampOf returns the time that came with a message, in nanoseconds since 1970; 0
// where none did.
func stampOf(control []byte) int64 {
	if len(control) < syscall.CmsgSpace(int(unsafe.Sizeof(syscall.Timespec{}))) {
		return 0
	}
	h := (*syscall.Cmsghdr)(unsafe.Pointer(&control[0]))
	if h.Level != syscall.SOL_SOCKET || h.Type != syscall.SO_TIMESTAMPNS {
		return 0
	}
	return (*syscall.Timespec)(unsafe.Pointer(&control[syscall.CmsgLen(0)])).Nano()
}

// serve answers the requests in b, which arrived at a time.
func (l *loop) serve(ctx context.Context, c *client, b []byte, at int64) error {
	l.output = l.output[:0]
	for len(b) > 0 {
		r, n, err := parse(b)
		if err != nil {
			l.output = appendRefusal(l.output, err)
			return l.send(ctx, c, start{last: true})
		}
		whole := n > 0 && r.length <= int64(len(b)-n)
		switch {
		case !whole && len(b) <= longestKept:
			c.partial = append(c.partial[:0], b...)
			return l.send(ctx, c, start{})
		case !whole, !r.answer.quick(), len(l.output) > piece, l.server.tellerOf(&r) != nil:
			return l.give(ctx, c, start{unsent: l.output, unread: b, at: at})
		}
		b = b[n+int(r.length):]
		l.server.book.note(&r, at)
		l.output = r.appendQuick(l.output)
		if r.lastOne() {
			return l.send(ctx, c, start{last: true})
		}
	}
	c.partial = c.partial[:0]
	return l.send(ctx, c, start{})
}

// send sends what is prepared. What the kernel does not take at once is left to a
// goroutine, which goes on from there.
func (l *loop) send(ctx context.Context, c *client, from start) error {
	for out := l.output; len(out) > 0; {
		n, err := syscall.Write(c.fd, out)
		switch {
		case err == nil:
			out = out[n:]
		case errors.Is(err, syscall.EAGAIN):
			from.unsent, from.unread = out, c.partial
			return l.give(ctx, c, from)
		case !errors.Is(err, syscall.EINTR):
			return l.drop(c)
		}
	}
	if from.last {
		return l.drop(c)
	}
	return nil
}

// give leaves a connection to a goroutine.
func (l *loop) give(ctx context.Context, c *client, from start) error {
	from.unsent, from.unread = slices.Clone(from.unsent), slices.Clone(from.unread)
	file := os.NewFile(uintptr(c.fd), "connection")
	conn, err := net.FileConn(file) // duplicates the descriptor
	_ = syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_DEL, c.fd, nil)
	l.conns[c.fd] = nil
	_ = file.Close()
	if err != nil {
		l.server.connections.Add(-1)
		return l.resume()
	}
	l.server.group.Go(func() {
		l.server.serve(ctx, conn, from)
		l.server.connections.Add(-1)
		l.ring()
	})
	return nil
}

// close ends the loop with all its connections.
func (l *loop) close() {
	for _, c := range l.conns {
		if c != nil {
			_ = syscall.Close(c.fd)
		}
	}
	for _, fd := range []int{l.bell[0], l.bell[1], l.epoll, l.listener} {
		if fd >= 0 {
			_ = syscall.Close(fd)
		}
	}
}
