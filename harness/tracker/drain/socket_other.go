//go:build !linux

package drain

import "syscall"

// widen asks the kernel to keep so many bytes. How many it keeps is not known here.
func widen(c syscall.Conn, bytes int) int {
	if s, ok := c.(interface{ SetReadBuffer(int) error }); ok {
		_ = s.SetReadBuffer(bytes) // without it datagrams are lost earlier
	}
	return 0
}

// backlog is not known here.
func backlog(syscall.Conn) (waiting int, lost uint64) { return 0, 0 }

// datagramQueue is not known here.
func datagramQueue() int { return 0 }
