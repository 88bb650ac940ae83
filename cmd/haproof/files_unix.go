//go:build unix

package main

import "syscall"

// raiseFiles raises the descriptor limit as far as it goes, for the nodes that
// are started too: Go by itself gives children the limit that it found.
func raiseFiles() (uint64, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	limit.Cur = limit.Max
	err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	return uint64(limit.Cur), err
}
