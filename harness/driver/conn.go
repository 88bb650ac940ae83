package driver

import (
	"bufio"
	"crypto/tls"
	"errors"
	"net"
	"strconv"
	"syscall"
	"time"

	"github.com/haproof/haproof/harness"
)

// answerBuffer is also the longest header line that is taken.
const answerBuffer = 8 << 10

// conn is one connection to an endpoint. It carries one attempt at a time and is
// not safe for concurrent use.
type conn struct {
	net.Conn // clear, or TLS over the socket
	socket   *socket
	answers  *bufio.Reader
	out      []byte // the attempt as it goes onto the wire
	look     func(fd uintptr)
	quiet    bool // what look saw
	used     bool // it has carried an attempt
}

// socket counts the bytes that the kernel took, which is how the client knows
// that an attempt certainly never left.
type socket struct {
	*net.TCPConn
	raw     syscall.RawConn
	written uint64
}

func (s *socket) Write(b []byte) (int, error) {
	n, err := s.TCPConn.Write(b)
	s.written += uint64(n)
	return n, err
}

// dial connects, and shakes hands where config is given. The stage says how far
// it came.
func dial(address string, config *tls.Config, deadline time.Time) (*conn, stage, error) {
	// No probes by the kernel: they cost four system calls per connection, and the
	// deadline of each attempt is stricter.
	dialer := net.Dialer{Deadline: deadline, KeepAlive: -1}
	plain, err := dialer.Dial("tcp", address)
	if err != nil {
		return nil, connecting, err
	}
	s := &socket{TCPConn: plain.(*net.TCPConn)}
	if s.raw, err = s.SyscallConn(); err != nil {
		return nil, connecting, errors.Join(err, plain.Close())
	}
	c := &conn{Conn: s, socket: s}
	c.look = c.readNow
	if config != nil {
		if err := c.shakeHands(config, deadline); err != nil {
			return nil, handshaking, errors.Join(err, plain.Close())
		}
	}
	c.answers = bufio.NewReaderSize(c.Conn, answerBuffer)
	return c, exchanging, nil
}

func (c *conn) shakeHands(config *tls.Config, deadline time.Time) error {
	secure := tls.Client(c.socket, config)
	if err := c.SetDeadline(deadline); err != nil {
		return err
	}
	c.Conn = secure
	return secure.Handshake()
}

// usable says whether an idle connection may carry another attempt: the peer has
// neither closed it nor said anything unasked. It is checked before an attempt is
// written, so that a connection that died in its sleep costs no attempt.
func (c *conn) usable() bool {
	return c.answers.Buffered() == 0 && c.socket.raw.Control(c.look) == nil && c.quiet
}

// readNow tries to read without waiting. Whatever it finds on a connection that
// has been used, bytes or the end, makes it useless, so it may take it. On one
// fresh from the handshake, session tickets may wait (RFC 8446, 4.6.1): there
// only the end counts.
func (c *conn) readNow(fd uintptr) {
	if !c.used {
		c.quiet = !hungUp(fd)
		return
	}
	var one [1]byte
	_, err := syscall.Read(int(fd), one[:])
	c.quiet = err == syscall.EAGAIN
}

// exchange writes the attempt once and reads its complete answer. It never
// writes a second time. sent says whether the kernel took any of it.
func (c *conn) exchange(seq uint64, target *Target, deadline time.Time) (a answer, sent bool, err error) {
	c.used = true
	c.out = appendAttempt(c.out[:0], seq, target, target.Path)
	if err := c.SetDeadline(deadline); err != nil {
		return answer{}, false, err
	}
	before := c.socket.written
	if _, err := c.Write(c.out); err != nil {
		return answer{}, c.socket.written > before, err
	}
	a, err = readAnswer(c.answers, target.Method == "HEAD")
	return a, true, err
}

// appendAttempt appends the attempt as HTTP/1.1. Its path is given apart, so that
// it need not be a string.
func appendAttempt[text string | []byte](b []byte, seq uint64, target *Target, path text) []byte {
	b = append(append(b, target.Method...), ' ')
	b = append(append(b, path...), " HTTP/1.1\r\nHost: "...)
	b = append(append(b, target.Host...), "\r\n"+harness.SeqHeader+": "...)
	b = strconv.AppendUint(b, seq, 10)
	b = append(b, "\r\nUser-Agent: haproof\r\nAccept: */*\r\n"...)
	if target.Method == "POST" {
		b = append(b, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "...)
		b = append(strconv.AppendInt(b, int64(len(target.Body)), 10), "\r\n"...)
	}
	return append(append(b, "\r\n"...), target.Body...)
}
