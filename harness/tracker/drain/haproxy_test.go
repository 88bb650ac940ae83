package drain

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

var oddNames = []string{
	"plain", "with space", `q"uote's`, "per%cent%41", "pi|pe", "Füße日本", `b\ack]s[`, "semi;colon", "tab\there", "-", "", "\xff\xfe",
	`" customer="other`, plainRecord, strings.Repeat("a", 200), strings.Repeat("é", 250),
}

// Every attempt is at the origin when HAProxy is told to stop, so every answer must
// come as a line, over both versions of HTTP, and the table must stay empty.
func TestHAProxyDrainsEveryName(t *testing.T) {
	for name, c := range map[string]struct {
		logs, listen string
		customers    []string
	}{
		"beside the normal log": {besideText, "udp://$HOST:0", oddNames},
		"alone":                 {aloneText, "udp://$HOST:0", oddNames},
		"unix socket":           {aloneText, "unixgram://$DIR/d.sock", oddNames[:4]}, // Linux queues 10 by default
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t, c.logs, c.listen)
			two := new(http.Protocols)
			two.SetUnencryptedHTTP2(true)
			attempts := p.holdAttempts(c.customers, p.front, new(http.Transport)) +
				p.holdAttempts(c.customers, p.front2, &http.Transport{Protocols: two})
			p.reload()
			close(p.gate)
			p.drained.awaitLines(attempts)
			p.settle()
			if diff := cmp.Diff(p.served, p.charged()); diff != "" {
				t.Errorf("origin and drain log differ: %s", diff)
			}
			if len(p.table) != 0 {
				t.Errorf("table: got %v, want nothing", p.table)
			}
			if s := p.drained.Stats(); s.Malformed != 0 || s.TooLong != 0 {
				t.Errorf("got %+v", s)
			}
			if c.logs == besideText {
				p.demandNormalLog(attempts)
			}
		})
	}
}

// holdAttempts sends one attempt for each name, returns when all are at the gate, and
// expects the answers at the end of the test.
func (p *proxy) holdAttempts(customers []string, front string, transport *http.Transport) int {
	p.t.Helper()
	p.mu.Lock()
	before := p.held
	p.mu.Unlock()
	client := &http.Client{Timeout: realtest.Patience, Transport: transport}
	var open sync.WaitGroup
	for _, name := range customers {
		open.Go(func() {
			if err := attempt(client, p.url(front, name, "&gate")); err != nil {
				p.t.Error(err)
			}
		})
	}
	p.t.Cleanup(open.Wait)
	realtest.Await(p.t, "attempts at the gate", func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.held != before+len(customers) {
			return fmt.Errorf("%d", p.held)
		}
		return nil
	})
	return len(customers)
}

func attempt(client *http.Client, url string) error {
	resp, err := client.Get(url)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, resp.Status)
	}
	return err
}

// demandNormalLog reads the normal log: a line for each attempt, and no record.
func (p *proxy) demandNormalLog(attempts int) {
	p.t.Helper()
	buf := make([]byte, 8192)
	for got := 0; got < attempts; {
		if err := p.access.SetReadDeadline(time.Now().Add(realtest.Patience)); err != nil {
			p.t.Fatal(err)
		}
		n, _, err := p.access.ReadFrom(buf)
		if err != nil {
			p.t.Fatalf("normal log: %d lines of %d: %v", got, attempts, err)
		}
		if bytes.Contains(buf[:n], []byte(" application/application ")) {
			got++
		}
		if bytes.Contains(buf[:n], []byte(`source="`)) {
			p.t.Errorf("normal log: %q", buf[:n])
		}
	}
}

// About 1000 attempts per second, one in eight of them slow enough to be answered by
// a worker that stops.
func TestHAProxyReloadsUnderTrafficAreCountedExactly(t *testing.T) {
	const reloads, workers = 5, 48
	p := newProxy(t, besideText, "udp://$HOST:0")
	jobs := make(chan int)
	client := &http.Client{Timeout: realtest.Patience, Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	answered := make(chan uint64, workers)
	for range workers {
		go func() {
			n := uint64(0)
			for i := range jobs {
				more := ""
				if i%8 == 0 {
					more = "&delay=150ms"
				}
				if attempt(client, p.url(p.front, fmt.Sprintf("c%02d", i%15), more)) == nil { // the origin knows better what was answered
					n++
				}
			}
			answered <- n
		}()
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		pace := time.NewTicker(time.Millisecond)
		defer pace.Stop()
		for i := 0; ; i++ {
			select {
			case <-stop:
				close(jobs)
				return
			case <-pace.C:
				jobs <- i
			}
		}
	}()
	for i := range reloads {
		served := p.servedTotal()
		realtest.Await(t, "traffic", func() error {
			if n := p.servedTotal() - served; n < 500 {
				return fmt.Errorf("%d answers before reload %d", n, i+1)
			}
			return nil
		})
		p.reload()
	}
	close(stop)
	<-stopped
	sum := uint64(0)
	for range workers {
		sum += <-answered
	}
	client.CloseIdleConnections()
	p.settle()
	p.drained.stop()
	lines := len(p.drained.lines())
	if diff := cmp.Diff(p.served, p.charged()); diff != "" {
		t.Errorf("origin and HAProxy differ: %s", diff)
	}
	if lines == 0 {
		t.Error("no answer was drained: the test has proven nothing")
	}
	t.Logf("%d answers over %d reloads: clients saw %d, %d of them drained", p.servedTotal(), reloads, sum, lines)
}

func (p *proxy) servedTotal() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	sum := uint64(0)
	for _, n := range p.served {
		sum += n
	}
	return sum
}
