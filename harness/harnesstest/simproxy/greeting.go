package simproxy

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// maxGreeting bounds what a tracker may say before the session begins, in bytes.
const maxGreeting = 1024

// greet says hello to a tracker that was dialled and returns its status.
func (p *Proxy) greet(conn net.Conn) (status int, rest []byte, err error) {
	if err := conn.SetDeadline(time.Now().Add(p.cfg.Silence)); err != nil {
		return 0, nil, err
	}
	minor := 1
	if p.cfg.Untimed {
		minor = 0
	}
	if _, err := fmt.Fprintf(conn, "HAProxyS 2.%d\n%s\n%s %d 1\n", minor, p.cfg.Tracker, p.cfg.Name, p.cfg.PID); err != nil {
		return 0, nil, fmt.Errorf("send greeting: %w", err)
	}
	lines, rest, err := readLines(conn, 1)
	if err != nil {
		return 0, nil, fmt.Errorf("read status: %w", err)
	}
	status, err = strconv.Atoi(lines[0])
	return status, rest, err
}

// answer is for a tracker that calls.
func (p *Proxy) answer(conn net.Conn) (rest []byte, err error) {
	if err := conn.SetDeadline(time.Now().Add(p.cfg.Silence)); err != nil {
		return nil, err
	}
	lines, rest, err := readLines(conn, 3)
	if err != nil {
		return nil, fmt.Errorf("read greeting: %w", err)
	}
	from, _, spaced := strings.Cut(lines[2], " ")
	status := 200
	switch {
	case !strings.HasPrefix(lines[0], "HAProxyS ") || !spaced:
		status = 501
	case lines[0] != "HAProxyS 2.0" && lines[0] != "HAProxyS 2.1":
		status = 502
	case lines[1] != p.cfg.Name:
		status = 503
	case from != p.cfg.Tracker:
		status = 504
	}
	if _, err := fmt.Fprintf(conn, "%d\n", status); err != nil {
		return nil, fmt.Errorf("send status: %w", err)
	}
	if status != 200 {
		return nil, fmt.Errorf("greeting %q answered with %d", lines, status)
	}
	return rest, nil
}

// readLines returns so many lines, and what was read beyond them.
func readLines(conn net.Conn, count int) (lines []string, rest []byte, err error) {
	var b []byte
	buf := make([]byte, maxGreeting)
	for bytes.Count(b, []byte{'\n'}) < count {
		if len(b) > maxGreeting {
			return nil, nil, errors.New("line too long")
		}
		n, err := conn.Read(buf)
		if err != nil {
			return nil, nil, err
		}
		b = append(b, buf[:n]...)
	}
	for range count {
		line, after, _ := bytes.Cut(b, []byte{'\n'})
		lines = append(lines, string(bytes.TrimSuffix(line, []byte{'\r'})))
		b = after
	}
	return lines, b, nil
}
