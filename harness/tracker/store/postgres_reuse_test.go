package store

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// slowConn is a connection whose next write takes so long that pgx begins to read
// beside it, and whose context ends after the answer has come.
type slowConn struct {
	net.Conn
	mu      sync.Mutex
	cancel  context.CancelFunc // of the next write; nil for none
	expired chan struct{}      // has one when a read has met a deadline
}

func (c *slowConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.mu.Lock()
	cancel := c.cancel
	c.cancel = nil
	c.mu.Unlock()
	if cancel == nil {
		return n, err
	}
	<-time.After(200 * time.Millisecond) // pgx waits for 15 ms
	cancel()
	select {
	case <-c.expired:
	case <-time.After(realtest.Patience):
		err = errors.New("pgx does not read beside a slow write any more")
	}
	return n, err
}

func (c *slowConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		select {
		case c.expired <- struct{}{}:
		default:
		}
	}
	return n, err
}

// A query whose context ends just after its answer leaves an error on the connection,
// which the next one would get.
func TestConnectionThatWasCancelledIsNotUsedAgainWithItsError(t *testing.T) {
	cfg, err := pgx.ParseConfig(realtest.ThePostgres(t).NewSchema(t))
	if err != nil {
		t.Fatal(err)
	}
	var slow *slowConn
	cfg.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		if slow != nil || err != nil {
			return conn, err
		}
		slow = &slowConn{Conn: conn, expired: make(chan struct{}, 1)}
		return slow, nil
	}
	db := openPostgres(cfg)
	defer db.Close()
	db.SetMaxOpenConns(1)
	one := func(ctx context.Context) (n int, err error) {
		err = db.QueryRowContext(ctx, `SELECT 1`).Scan(&n)
		return n, err
	}
	if _, err := one(t.Context()); err != nil { // it is prepared now
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	slow.mu.Lock()
	slow.cancel = cancel
	slow.mu.Unlock()
	_, err = one(ctx)
	t.Logf("cancelled: %v", err)
	if n, err := one(t.Context()); err != nil || n != 1 {
		t.Errorf("the next one: got %d, %v", n, err)
	}
}
