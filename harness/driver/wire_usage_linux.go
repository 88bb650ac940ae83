//go:build amd64 || arm64

package driver

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/haproof/haproof/harness"
)

// measured notes what the calling thread uses until the returned function is called
// by the same thread. A thread that cannot be asked is said to have run for no time.
func (s *shard) measured() (stop func()) {
	s.usage = harness.Shard{}
	began, cpu := time.Now(), threadTime()
	return func() {
		if used := threadTime() - cpu; cpu >= 0 && used >= 0 {
			s.usage = harness.Shard{CPU: used, Wall: time.Since(began)}
		}
	}
}

// threadTime returns what the calling thread has consumed so far, user and system;
// below 0 where the kernel does not say.
func threadTime() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_THREAD, &u) != nil {
		return -1
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
