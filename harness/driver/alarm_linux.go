package driver

import (
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// alarm wakes its one user after a wait, to within some tens of microseconds.
// The runtime's own timers round short waits up to a millisecond, because its
// poller sleeps in epoll_wait; a timerfd is just another descriptor there, and
// wakes the poller when it is due (timerfd_create(2)). It costs no spinning and
// no thread.
type alarm struct {
	timer  *os.File
	fd     int
	count  [8]byte // what a read of the descriptor returns: how often it went off
	forget func() bool
}

// newAlarm returns an alarm whose wait ends early when ctx does.
func newAlarm(ctx context.Context) (*alarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create timer: %w", err)
	}
	a := &alarm{timer: os.NewFile(uintptr(fd), "timerfd"), fd: fd}
	a.forget = context.AfterFunc(ctx, func() { _ = a.timer.SetReadDeadline(time.Unix(1, 0)) })
	return a, nil
}

// wait returns after d, or with an error when the alarm's context has ended.
func (a *alarm) wait(d time.Duration) error {
	if d <= 0 {
		return nil // setting a timer to 0 would switch it off
	}
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(d.Nanoseconds())}
	if err := unix.TimerfdSettime(a.fd, 0, &spec, nil); err != nil {
		return fmt.Errorf("set timer: %w", err)
	}
	_, err := a.timer.Read(a.count[:])
	return err
}

func (a *alarm) close() error {
	a.forget()
	return a.timer.Close()
}
