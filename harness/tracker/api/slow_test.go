package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/plan"
)

// multitude is a store with so many customers that no buffer on the way holds an answer
// about all of them.
func multitude() *memory {
	m := &memory{}
	for n := range 30_000 {
		m.names = append(m.names, fmt.Sprintf("%s-%d", strings.Repeat("customer", 100), n))
		m.growth = append(m.growth, tracker.Growth{Customer: uint32(n), Hour: tracker.HourOf(time.Now()), N: 1})
	}
	return m
}

// dawdle asks a question, reads one byte a second of the answer, and returns where it
// says that it was cut off.
func (r *rig) dawdle(path string) <-chan error {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { conn.Close() })
	if err := conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		r.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path); err != nil {
		r.t.Fatal(err)
	}
	cut := make(chan error, 1)
	go func() {
		one := make([]byte, 1)
		for {
			if _, err := conn.Read(one); err != nil {
				cut <- err
				return
			}
			<-time.After(time.Second)
		}
	}()
	return cut
}

func TestSlowReadersOfLongAnswersAreCutOff(t *testing.T) {
	for _, path := range []string{"/v1/usage", "/v1/counts"} {
		r := serving(t, Config{}, multitude(), func(a *API) { a.slack, a.heavyTimeout = 2*time.Second, patience })
		for range maxHeavy {
			r.dawdle(path)
		}
		realtest.Await(t, "all room is taken", func() error {
			if n := len(r.api.heavy); n < maxHeavy {
				return fmt.Errorf("%d answers", n)
			}
			return nil
		})
		if got := r.get(http.StatusOK, path); len(got) < 20<<20 { // which there was no room for before
			t.Errorf("%s: got %d bytes", path, len(got))
		}
		realtest.Await(t, "the slow ones are cut off", func() error {
			if n := len(r.api.heavy); n > 0 {
				return fmt.Errorf("%s: %d answers", path, n)
			}
			return nil
		})
	}
}

func TestWhoFindsNoRoomIsToldToComeBack(t *testing.T) {
	r := serving(t, Config{Limits: standings{}}, &memory{}, func(a *API) { a.heavyTimeout = 50 * time.Millisecond })
	for range maxHeavy {
		release, err := r.api.takeHeavy(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer release()
	}
	d := readDescription(t, description)
	for _, path := range []string{"/v1/usage", "/v1/counts", "/v1/customers", "/v1/plans"} {
		resp, body := r.ask("GET", path)
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
			t.Errorf("%s: got %s %s, want 503", path, resp.Status, body)
		}
		d.judgeAnswer(t, path, "get", resp, body)
	}
	ctx, leave := context.WithCancel(t.Context())
	leave()
	if _, err := r.api.takeHeavy(ctx); !errors.Is(err, errGone) {
		t.Errorf("who left: got %v", err)
	}
}

func TestSlowReadersOfEventsAreCutOff(t *testing.T) {
	r := serving(t, Config{Tick: time.Hour}, nil, func(a *API) { a.streamTimeout = 500 * time.Millisecond })
	r.dawdle("/v1/events")
	realtest.Await(t, "the stream begins", func() error {
		if r.api.metrics.streams.Load() == 0 {
			return errors.New("no stream")
		}
		return nil
	})
	news := strings.Repeat("customer", 10_000)
	realtest.Await(t, "the stream ends", func() error {
		r.api.Crossed(plan.Crossing{Customer: news, Period: plan.Day})
		if n := r.api.metrics.streams.Load(); n > 0 {
			return fmt.Errorf("%d streams", n)
		}
		return nil
	})
}

func TestIdleConnectionsMakeRoomForOthers(t *testing.T) {
	r := serving(t, Config{}, nil)
	p := r.call("hap1", 1)
	p.push("a|1", 1)
	ask := func(conn net.Conn) error {
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			return err
		}
		_, err := conn.Read(make([]byte, 4096))
		return err
	}
	for n := range 1000 {
		conn, err := net.Dial("tcp", r.addr)
		if err == nil {
			defer conn.Close()
			err = ask(conn)
		}
		if err != nil {
			t.Fatalf("client %d: %v", n, err)
		}
	}
	p.push("a|1", 2) // sessions of peers are of no concern
}
