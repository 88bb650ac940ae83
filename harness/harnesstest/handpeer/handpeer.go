// Package handpeer is a HAProxy's side of a session with a tracker, driven by hand: it
// says what a test has it say. For a HAProxy that acts by itself see simproxy.
package handpeer

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/peers"
)

// Peer is one session. What the tracker says is thrown away, but for acknowledgements.
type Peer struct {
	Acks chan peers.Ack // closed when the session ends
	t    testing.TB
	conn net.Conn
}

// Greet introduces a peer to the tracker named "tracker", which must accept it.
func Greet(t testing.TB, conn net.Conn, name string, pid int) *Peer {
	t.Helper()
	t.Cleanup(func() { conn.Close() })
	p := Adopt(t, conn)
	hello := peers.Hello{Major: 2, Minor: 1, To: "tracker", From: name, PID: pid}
	p.Write(hello.AppendTo(nil))
	status := make([]byte, 4)
	if _, err := io.ReadFull(conn, status); err != nil || string(status) != "200\n" {
		t.Fatalf("status: %q, %v", status, err)
	}
	go p.Listen()
	return p
}

// Adopt takes a connection whose greeting is for others to do. Then comes Listen.
func Adopt(t testing.TB, conn net.Conn) *Peer {
	return &Peer{t: t, conn: conn, Acks: make(chan peers.Ack, 100)}
}

// Listen reads what the tracker says until the session ends.
func (p *Peer) Listen() {
	defer close(p.Acks)
	var d peers.Decoder
	var unread []byte
	buf := make([]byte, 4096)
	for {
		n, err := p.conn.Read(buf)
		if err != nil {
			return
		}
		unread = append(unread, buf[:n]...)
		for {
			m, n, err := d.Next(unread)
			if err != nil || n == 0 {
				break
			}
			unread = unread[n:]
			if m.Kind == peers.KindAck {
				p.Acks <- m.Ack
			}
		}
	}
}

// Write sends messages as they are.
func (p *Peer) Write(b []byte) {
	p.t.Helper()
	if _, err := p.conn.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

// Say tells values of keys, which come as key, value, key, value, in updates that all
// have this number.
func (p *Peer) Say(id uint32, table peers.Definition, values ...any) {
	p.t.Helper()
	b := table.AppendTo(nil)
	for i := 0; i < len(values); i += 2 {
		u := peers.Update{Table: &table, ID: id, Key: []byte(values[i].(string)), Values: []uint64{uint64(values[i+1].(int))}}
		b = u.AppendTo(b)
	}
	p.Write(b)
}

// Push is Say and Acked.
func (p *Peer) Push(id uint32, table peers.Definition, values ...any) {
	p.t.Helper()
	p.Say(id, table, values...)
	p.Acked(id, table)
}

// Acked waits for the next acknowledgement, which must be that of this update.
func (p *Peer) Acked(id uint32, table peers.Definition) {
	p.t.Helper()
	select {
	case ack, ok := <-p.Acks:
		if want := (peers.Ack{TableID: table.ID, ID: id}); !ok || ack != want {
			p.t.Fatalf("acknowledged %+v (%v), want %+v", ack, ok, want)
		}
	case <-time.After(realtest.Patience):
		p.t.Fatalf("%d was not acknowledged", id)
	}
}

// Finished says that the peer has told everything.
func (p *Peer) Finished() { p.Write(peers.ResyncFinished.AppendTo(nil)) }
