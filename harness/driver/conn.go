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
	quiet    bool      // what look saw
	carried  int       // attempts so far
	used     bool      // it has carried an attempt
	rested   time.Time // when it became idle, where that matters
	berths   *berths
	phases   phases // of how it was made, until an attempt has taken them

	answering time.Time // when the first byte of the last answer was read
}

// Close ends the connection.
func (c *conn) Close() error {
	err := c.Conn.Close()
	c.berths.leave()
	return err
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
	began := time.Now()
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
	stood := time.Now()
	c.phases.connect = stood.Sub(began)
	if config != nil {
		if err := c.shakeHands(config, deadline); err != nil {
			return nil, handshaking, errors.Join(err, plain.Close())
		}
		c.phases.handshake = time.Since(stood)
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

// exchange writes the attempt once and reads its answer: the complete one, unless the
// target has the client leave before. It never writes a second time. sent says whether
// the kernel took any of it.
func (c *conn) exchange(seq uint64, target *Target, last bool, deadline time.Time) (a answer, sent bool, err error) {
	c.out = appendAttempt(c.out[:0], seq, target, target.Path)
	c.used = true
	if c.carried++; last {
		c.out = appendLast(nil, c.out)
	}
	if err := c.SetDeadline(deadline); err != nil {
		return answer{}, false, err
	}
	before := c.socket.written
	if _, err := c.Write(c.out); err != nil {
		return answer{}, c.socket.written > before, err
	}
	if target.Leave == harness.AbortAsked {
		return answer{}, true, errLeft
	}
	if _, err := c.answers.Peek(1); err == nil {
		c.answering = time.Now()
	}
	p := newAnswerParser(target.Method == "HEAD", target.Leave)
	p.cookies = cookiesOf(target.Who)
	a, err = p.read(c.answers)
	return a, true, err
}

// appendAttempt appends the attempt as HTTP/1.1. Its path is given apart, so that
// it need not be a string.
func appendAttempt[text string | []byte](b []byte, seq uint64, target *Target, path text) []byte {
	if target.Form != nil {
		return target.Form.appendFilled(b, target.filling(seq))
	}
	b = append(append(b, target.Method...), ' ')
	b = append(append(b, path...), " HTTP/1.1\r\nHost: "...)
	b = append(append(b, target.Host...), "\r\n"+harness.SeqHeader+": "...)
	b = append(strconv.AppendUint(b, seq, 10), "\r\n"...)
	switch {
	case target.Header != "":
		b = append(b, target.Header...)
	case target.Method == "POST":
		b = append(b, "User-Agent: haproof\r\nAccept: */*\r\nContent-Type: application/x-www-form-urlencoded\r\n"...)
	default:
		b = append(b, "User-Agent: haproof\r\nAccept: */*\r\n"...)
	}
	if target.Who != nil && !target.OwnCookies {
		b = target.Who.appendCookies(b)
	}
	if target.Body != "" || target.Method == "POST" {
		b = append(b, "Content-Length: "...)
		b = append(strconv.AppendInt(b, int64(len(target.Body)), 10), "\r\n"...)
	}
	return append(append(b, "\r\n"...), target.Body...)
}
