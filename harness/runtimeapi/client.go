package runtimeapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// MaxReply is the largest reply in bytes that a Client reads: a stick table of
// half a million entries. A longer reply is an error.
const MaxReply = 64 << 20

// Client sends commands to one HAProxy. It keeps no connection and may be used
// by several goroutines at once.
type Client struct {
	network string
	addr    string
	limit   int64
}

// New returns a client of the Runtime API at addr: "ip:port", or the path of a
// Unix socket, which contains a slash.
func New(addr string) *Client {
	network := "tcp"
	if strings.Contains(addr, "/") {
		network = "unix"
	}
	return &Client{network: network, addr: addr, limit: MaxReply}
}

// Addr returns the address given to New.
func (c *Client) Addr() string { return c.addr }

// Command sends one command on a connection of its own and returns the reply
// without its final empty line. What HAProxy reports as an error comes back as
// a *ReplyError. Without a deadline in ctx the only limit is HAProxy's own
// timeout of its socket.
func (c *Client) Command(ctx context.Context, cmd string) (string, error) {
	if strings.ContainsAny(cmd, "\r\n;") {
		return "", fmt.Errorf("runtime API command %q: more than one command", cmd)
	}
	// HAProxy's replies bear no status: only by their severities can an error be told
	// from a table (management.txt, "set severity-output").
	raw, err := c.exchange(ctx, "set severity-output number;"+cmd)
	if err != nil {
		return "", fmt.Errorf("runtime API %s: %q: %w", c.addr, cmd, err)
	}
	return parseReply(cmd, raw)
}

// exchange sends one line on a connection of its own and returns all that comes back.
func (c *Client) exchange(ctx context.Context, line string) (raw string, err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, c.network, c.addr)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	release := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer release()
	if _, err := io.WriteString(conn, line+"\n"); err != nil {
		return "", causeOf(ctx, err)
	}
	reply, err := io.ReadAll(io.LimitReader(conn, c.limit+1))
	if err != nil {
		return "", causeOf(ctx, err)
	}
	if int64(len(reply)) > c.limit {
		return "", fmt.Errorf("reply is longer than %d bytes", c.limit)
	}
	return string(reply), nil
}

// causeOf prefers the context's own reason to the deadline that it set.
func causeOf(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		return context.Cause(ctx)
	}
	return err
}
