//go:build amd64 || arm64

package driver

import (
	"errors"
	"fmt"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// wireEvents is how many events one wait returns at most.
const wireEvents = 256

// untoldWait is the longest wait that Go's scheduler is not told of. Told of one, its
// monitor wakes up for each, which costs as much as the attempt, and takes the shard's
// processor away, for which it must then wait. The price is that a collector that
// wants all to stop waits too, but not for long: its signal ends the wait.
const untoldWait = 10 * time.Millisecond

// hangup are the events after which a connection brings nothing new but what
// waits to be read.
const hangup = unix.EPOLLRDHUP | unix.EPOLLHUP | unix.EPOLLERR

// poller waits for sockets and for a moment at once, to the microsecond, and can
// be woken from another thread. Sockets are watched edge-triggered: whoever gets
// an event reads until nothing is left.
type poller struct {
	epoll  int
	bell   int // eventfd
	events [wireEvents]unix.EpollEvent
}

// newPoller returns a poller, or an error where the kernel is older than Linux
// 5.11, which brought waits in nanoseconds (epoll_pwait2(2)).
func newPoller() (*poller, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create epoll: %w", err)
	}
	p := &poller{epoll: epoll, bell: -1}
	if p.bell, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err == nil {
		err = p.watch(p.bell)
	}
	if err == nil {
		_, err = p.wait(0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("set up epoll (needs Linux 5.11): %w", err), p.close())
	}
	return p, nil
}

// watch begins to report events of a descriptor. Closing it ends that.
func (p *poller) watch(fd int) error { return p.control(unix.EPOLL_CTL_ADD, fd) }

// again has the next wait report how a watched descriptor is, as if that were new.
func (p *poller) again(fd int) error { return p.control(unix.EPOLL_CTL_MOD, fd) }

func (p *poller) control(what, fd int) error {
	e := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(fd)}
	return unix.EpollCtl(p.epoll, what, fd, &e)
}

// wait returns what has happened, at the latest after patience; below 0 there is
// no such limit. The events are valid until the next wait. A signal ends a wait
// early, with no event.
func (p *poller) wait(patience time.Duration) ([]unix.EpollEvent, error) {
	var limit *unix.Timespec
	if patience >= 0 {
		spec := unix.NsecToTimespec(int64(patience))
		limit = &spec
	}
	var n uintptr
	var errno syscall.Errno
	if 0 <= patience && patience <= untoldWait {
		n, _, errno = syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.epoll), uintptr(unsafe.Pointer(&p.events)),
			wireEvents, uintptr(unsafe.Pointer(limit)), 0, 0)
	} else {
		n, _, errno = syscall.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.epoll), uintptr(unsafe.Pointer(&p.events)),
			wireEvents, uintptr(unsafe.Pointer(limit)), 0, 0)
	}
	switch errno {
	case 0:
		return p.events[:n], nil
	case unix.EINTR:
		return nil, nil
	}
	return nil, errno
}

// wake ends the wait, or the next one. It may be called from any thread until
// close.
func (p *poller) wake() {
	one := [8]byte{1}
	_, _ = unix.Write(p.bell, one[:]) // fails only where it was rung 2^64-2 times
}

// close ends the poller. It does not close what it watches.
func (p *poller) close() error {
	if p.bell < 0 {
		return unix.Close(p.epoll)
	}
	return errors.Join(unix.Close(p.bell), unix.Close(p.epoll))
}
