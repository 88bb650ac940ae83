package driver

import (
	"io"
	"os"
	"syscall"
	"unsafe"
)

// rawIO reads and writes a descriptor that never blocks, without telling the
// scheduler. A usual system call announces itself to the runtime; the first one
// after all was idle wakes the runtime's monitor thread, which costs about a
// third of an attempt's CPU time at rates where the generator idles in between.
// Calls that cannot block have no need for it. Waiting is still the poller's
// work, by way of syscall.RawConn. It is not safe for concurrent use.
type rawIO struct {
	conn        syscall.RawConn
	buffer      []byte
	n           int
	errno       syscall.Errno
	read, write func(fd uintptr) (done bool) // kept: a new closure per call would be garbage
}

func (r *rawIO) init(conn syscall.RawConn) {
	r.conn = conn
	r.read = func(fd uintptr) bool { return r.call(syscall.SYS_READ, fd) }
	r.write = func(fd uintptr) bool { return r.call(syscall.SYS_WRITE, fd) }
}

// Read is io.Reader.
func (r *rawIO) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	r.buffer = b
	n, err := r.result("read", r.conn.Read(r.read))
	if n == 0 && err == nil {
		return 0, io.EOF
	}
	return n, err
}

// Write is io.Writer.
func (r *rawIO) Write(b []byte) (int, error) {
	written := 0
	for written < len(b) {
		r.buffer = b[written:]
		n, err := r.result("write", r.conn.Write(r.write))
		if written += n; err != nil {
			return written, err
		}
	}
	return written, nil
}

// pending says whether a read would return at once: with bytes, the end or an
// error. It takes what it finds.
func (r *rawIO) pending() bool {
	var one [1]byte
	r.buffer = one[:]
	found := true
	err := r.conn.Control(func(fd uintptr) { found = r.call(syscall.SYS_READ, fd) })
	return err != nil || found
}

// call does one system call and says whether it was answered: not EAGAIN.
func (r *rawIO) call(number, fd uintptr) bool {
	for {
		n, _, errno := syscall.RawSyscall(number, fd, uintptr(unsafe.Pointer(unsafe.SliceData(r.buffer))), uintptr(len(r.buffer)))
		switch errno {
		case syscall.EINTR:
		case syscall.EAGAIN:
			return false
		case 0:
			r.n, r.errno = int(n), 0
			return true
		default:
			r.n, r.errno = 0, errno
			return true
		}
	}
}

func (r *rawIO) result(name string, err error) (int, error) {
	r.buffer = nil
	switch {
	case err != nil: // the deadline passed, or the descriptor was closed
		return 0, err
	case r.errno != 0:
		return 0, os.NewSyscallError(name, r.errno)
	}
	return r.n, nil
}
