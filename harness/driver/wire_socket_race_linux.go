//go:build (amd64 || arm64) && race

package driver

import "syscall"

// The race detector knows that what the syscall package writes happens before
// what it reads, and knows nothing of raw system calls. So tests with it, whose
// servers are in the same process, go this way.

func sendNow(fd int, b []byte) (int, syscall.Errno) { return counted(syscall.Write(fd, b)) }

func receiveNow(fd int, b []byte) (int, syscall.Errno) { return counted(syscall.Read(fd, b)) }

func counted(n int, err error) (int, syscall.Errno) {
	if err != nil {
		return 0, err.(syscall.Errno)
	}
	return n, 0
}
