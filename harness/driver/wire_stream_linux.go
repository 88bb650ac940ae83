//go:build amd64 || arm64

package driver

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// recordHeader is the length of a TLS record's header, whose last two bytes are
// the length of what follows (RFC 8446, 5.1).
const recordHeader = 5

// secureConn is TLS on a connection of a shard.
type secureConn struct {
	*tls.Conn
	stream wireStream
}

func newSecureConn(fd int, h *wireHost, from *shard, by *shake) *secureConn {
	c := &secureConn{stream: wireStream{fd: fd, remote: h.server.safe.tcp, shard: from, shake: by}}
	c.Conn = tls.Client(&c.stream, h.config)
	return c
}

// wireStream is what crypto/tls reads from and writes to. During the handshake,
// in a goroutine, it waits for the socket. After that, on the shard, it never
// does: where nothing has come it returns errNothingYet, after which crypto/tls can
// be read again, and what is written goes to a buffer.
//
// It hands over at most one record at a time. So crypto/tls holds no bytes of a
// record that follows, and the shard knows whether anything is left.
type wireStream struct {
	fd     int
	remote *net.TCPAddr
	shard  *shard
	shake  *shake  // the handshake in progress, nil after it
	out    *[]byte // where to what is written goes after the handshake

	ahead  []byte // received and not handed over
	header [recordHeader]byte
	have   int  // bytes of the header that were handed over
	left   int  // bytes of the record behind it that were not
	dry    bool // the kernel has nothing more for now
	hungUp bool // the peer has ended its side: read to the end
	reads  int  // since the shard began to read
	enough bool // those were as many as may be in a row, and the kernel may have more
}

var _ net.Conn = (*wireStream)(nil)

// nothingYet says that a read would have to wait.
type nothingYet struct{}

func (nothingYet) Error() string   { return "nothing has come yet" }
func (nothingYet) Timeout() bool   { return true }
func (nothingYet) Temporary() bool { return true }

// errNothingYet is a net.Error that crypto/tls takes for one that passes.
var errNothingYet net.Error = nothingYet{}

// within says whether a record has begun and not ended.
func (w *wireStream) within() bool { return w.have > 0 }

// begin makes ready for reading what has come.
func (w *wireStream) begin(hungUp bool, out *[]byte) {
	w.dry, w.hungUp, w.out, w.reads, w.enough = false, hungUp, out, 0, false
}

// quiet says whether nothing is left of what has come.
func (w *wireStream) quiet() bool { return w.dry && len(w.ahead) == 0 && !w.within() }

// Read hands over what has come of one record.
func (w *wireStream) Read(b []byte) (int, error) {
	if len(w.ahead) == 0 {
		if err := w.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(b, w.ahead[:w.allowed()])
	w.passed(w.ahead[:n])
	w.ahead = w.ahead[n:]
	return n, nil
}

// allowed returns how much of what has come belongs to the record.
func (w *wireStream) allowed() int {
	missing := recordHeader - w.have
	if len(w.ahead) < missing {
		return len(w.ahead)
	}
	left := w.left
	if missing > 0 {
		header := w.header
		copy(header[w.have:], w.ahead)
		left = lengthIn(header)
	}
	return min(missing+left, len(w.ahead))
}

// passed notes what was handed over.
func (w *wireStream) passed(b []byte) {
	n := copy(w.header[w.have:], b)
	if w.have += n; n > 0 && w.have == recordHeader {
		w.left = lengthIn(w.header)
	}
	w.left -= len(b) - n
	if w.have == recordHeader && w.left == 0 {
		w.have = 0
	}
}

func lengthIn(header [recordHeader]byte) int { return int(header[3])<<8 | int(header[4]) }

// fill takes what the kernel has.
func (w *wireStream) fill() error {
	if w.shake != nil {
		return w.await()
	}
	for !w.dry {
		if w.reads == wireReads {
			w.dry, w.enough = true, true
			break
		}
		n, errno := receiveNow(w.fd, w.shard.cipher)
		switch {
		case errno == syscall.EAGAIN:
			w.dry = true
		case errno == syscall.EINTR:
		case errno != 0:
			return errno
		case n == 0:
			return io.EOF
		default:
			w.ahead = w.shard.cipher[:n]
			w.reads++
			w.dry = n < len(w.shard.cipher) && !w.hungUp // less than asked for: nothing is left (epoll(7))
			return nil
		}
	}
	return errNothingYet
}

// await waits until something comes, during the handshake.
func (w *wireStream) await() error {
	for {
		n, errno := receiveNow(w.fd, w.shake.input)
		switch {
		case errno == syscall.EAGAIN:
			if !w.shake.wait() {
				return os.ErrDeadlineExceeded
			}
		case errno == syscall.EINTR:
		case errno != 0:
			return errno
		case n == 0:
			return io.EOF
		default:
			w.ahead = w.shake.input[:n]
			return nil
		}
	}
}

// Write takes all of b: during the handshake the kernel does, after it a buffer.
func (w *wireStream) Write(b []byte) (int, error) {
	if w.shake == nil {
		*w.out = append(*w.out, b...)
		return len(b), nil
	}
	for written := 0; ; {
		n, errno := sendNow(w.fd, b[written:])
		switch written += n; {
		case errno == syscall.EAGAIN:
			if !w.shake.wait() {
				return written, os.ErrDeadlineExceeded
			}
		case errno != 0 && errno != syscall.EINTR:
			return written, errno
		case written == len(b):
			return written, nil
		}
	}
}

// RemoteAddr is what sessions are kept under where the host has no name.
func (w *wireStream) RemoteAddr() net.Addr { return w.remote }

// LocalAddr is asked for by nobody.
func (w *wireStream) LocalAddr() net.Addr { return &net.TCPAddr{} }

// Close leaves the descriptor to the shard.
func (w *wireStream) Close() error { return nil }

// SetDeadline and its like do nothing: the shard minds the deadlines.
func (w *wireStream) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (w *wireStream) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (w *wireStream) SetWriteDeadline(time.Time) error { return nil }
