//go:build (amd64 || arm64) && !race

package driver

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sendNow hands bytes to the kernel without waiting. It returns how many the
// kernel took; EAGAIN where it has no room.
func sendNow(fd int, b []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))),
		uintptr(len(b)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// receiveNow takes bytes from the kernel without waiting: none and no error at
// the end of the connection, EAGAIN where there are none yet.
func receiveNow(fd int, b []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))),
		uintptr(len(b)), unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}
