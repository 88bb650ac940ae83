package driver

import "golang.org/x/sys/unix"

// hungUp says whether the peer has closed its end, even if bytes before that
// wait to be read (poll(2), POLLRDHUP).
func hungUp(fd uintptr) bool {
	look := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	n, err := unix.Poll(look, 0)
	return err != nil || n > 0
}
