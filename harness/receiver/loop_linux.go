package receiver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"syscall"
)

const (
	loopInput  = 64 << 10 // bytes read at once
	loopEvents = 256      // events taken at once
	// longestKept is how much of a request the loop keeps that is not complete. What
	// is longer goes to a goroutine, which reads it line by line.
	longestKept = 4 << 10
)

// loop serves all connections in one thread with its own epoll, as long as they ask
// for what can be answered at once. The others it gives to goroutines for good.
// What it saves is a wake-up by the scheduler per request: it is several times
// quicker, and its own time is hardly seen by whoever measures with it.
type loop struct {
	server   *Server
	epoll    int
	listener int
	full     bool      // the listener is not watched
	bell     [2]int    // pipe whose end wakes it
	conns    []*client // by descriptor
	input    []byte
	control  [64]byte
	output   []byte
}

// client is a connection of the loop.
type client struct {
	fd      int
	partial []byte // the beginning of a request
}

// newLoop takes over the server's listener, or returns nil where that is not of TCP.
func newLoop(s *Server) (*loop, error) {
	tcp, ok := s.listener.(*net.TCPListener)
	if !ok {
		return nil, nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil, err
	}
	l := &loop{server: s, epoll: -1, listener: -1, bell: [2]int{-1, -1}, input: make([]byte, loopInput)}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = l.open(int(fd)) })
	if err = errors.Join(err, failed); err != nil {
		l.close()
		return nil, fmt.Errorf("set up epoll: %w", err)
	}
	_ = tcp.Close() // the loop has it under another number
	return l, nil
}

// open sets up epoll with the listener and the bell.
func (l *loop) open(listener int) (err error) {
	fd, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(listener), syscall.F_DUPFD_CLOEXEC, 0)
	if errno != 0 {
		return errno
	}
	l.listener = int(fd)
	// Connections inherit it. Without it the time of reading has to do.
	_ = syscall.SetsockoptInt(l.listener, syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1)
	if err = syscall.Pipe2(l.bell[:], syscall.O_CLOEXEC|syscall.O_NONBLOCK); err != nil {
		return err
	}
	if l.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return err
	}
	return errors.Join(l.watch(l.listener), l.watch(l.bell[0]))
}

func (l *loop) watch(fd int) error {
	return syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)})
}

// run serves until ctx ends.
func (l *loop) run(ctx context.Context) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer l.close()
	rung := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { l.ring(); close(rung) })
	// Goroutines ring when they end a connection, so they must be through first.
	defer l.server.group.Wait()
	defer l.server.close()
	defer func() {
		if !stop() {
			<-rung
		}
	}()
	var events [loopEvents]syscall.EpollEvent
	for {
		n, err := syscall.EpollWait(l.epoll, events[:], -1)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("epoll_wait: %w", err)
		}
		for _, e := range events[:max(0, n)] {
			switch fd := int(e.Fd); {
			case fd == l.bell[0]:
				err = l.heard()
			case fd == l.listener:
				err = l.accept()
			case l.conns[fd] != nil:
				err = l.read(ctx, l.conns[fd])
			}
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
		}
	}
}
