//go:build amd64 || arm64

package driver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/receiver"
	"github.com/haproof/haproof/harness/stats"
)

// A server that is stopped for a while and then goes on is where response times are
// known beforehand: an attempt that is due while it stands waits the rest of that
// time, and the others wait for nothing. A generator that measures from when it sent,
// or that sends less while it waits, says something nicer.

const (
	stoppedRateRPS = 500
	stoppedFor     = 1400 * time.Millisecond
	stoppedChild   = "HAPROOF_STOPPED_CHILD"
)

// TestStoppedChild is the server, in a process of its own.
func TestStoppedChild(t *testing.T) {
	if os.Getenv(stoppedChild) == "" {
		t.Skip("not started by another test")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("listening", l.Addr())
	if err := receiver.New(l, 1<<20).Serve(t.Context()); err != nil { // until it is killed
		t.Fatal(err)
	}
}

// startChild returns a server's process and its address.
func startChild(t testing.TB) (*exec.Cmd, string) {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run", "^TestStoppedChild$")
	c.Env = append(os.Environ(), stoppedChild+"=1")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if address, ok := strings.CutPrefix(lines.Text(), "listening "); ok {
			return c, address
		}
	}
	t.Fatal("the server does not listen")
	return nil, ""
}

// stop is when a process stood still: certainly from stopped to continues, at most
// from stops to continued.
type stop struct{ stops, stopped, continues, continued time.Time }

// stopChild stops a process for a while. What it returns is what happened, however
// late that was.
func stopChild(t testing.TB, pid int, after time.Duration) (s stop) {
	timer := time.NewTimer(after)
	defer timer.Stop()
	<-timer.C
	s.stops = time.Now()
	signalled(t, pid, unix.SIGSTOP, unix.WUNTRACED)
	s.stopped = time.Now()
	timer.Reset(stoppedFor)
	<-timer.C
	s.continues = time.Now()
	signalled(t, pid, unix.SIGCONT, unix.WCONTINUED)
	s.continued = time.Now()
	return s
}

// signalled returns when a child has acted on a signal: when all its threads have.
func signalled(t testing.TB, pid int, signal unix.Signal, options int) {
	if err := unix.Kill(pid, signal); err != nil {
		t.Error(err)
		return
	}
	for {
		if _, err := unix.Wait4(pid, nil, options, nil); !errors.Is(err, unix.EINTR) {
			if err != nil {
				t.Error(err)
			}
			return
		}
	}
}

// held is what came of attempts at a server that stood still in the midst.
type held struct {
	attempts                             []harness.Attempt
	stops, stopped, continues, continued time.Duration // since the beginning
}

// heldUp drives a server that stops when a quarter of the attempts have ended. With
// connections above 0 there are no more of them.
func heldUp(t testing.TB, d harness.Driver, length time.Duration, connections int) held {
	t.Helper()
	child, address := startChild(t)
	w := harness.Workload{
		Targets: []harness.Request{{Method: "GET", Host: address, Path: "/"}},
		Rate:    stoppedRateRPS, Requests: uint64(length.Seconds() * stoppedRateRPS), Seed: 1, Timeout: time.Minute,
	}
	if connections > 0 {
		w.Connect = &harness.Connect{Most: connections}
	}
	var h held
	stood := make(chan stop, 1)
	driven, err := d.Drive(context.Background(), w, []harness.Endpoint{{Node: "stopped", HTTP: address}}, func(a harness.Attempt) {
		if h.attempts = append(h.attempts, a); len(h.attempts) == int(w.Requests)/4 {
			go func() { stood <- stopChild(t, child.Process.Pid, 0) }()
		}
	})
	if err != nil || len(h.attempts) != int(w.Requests) {
		t.Fatalf("%d attempts of %d, error %v", len(h.attempts), w.Requests, err)
	}
	s := <-stood
	for _, a := range h.attempts {
		due := time.Duration(a.Seq) * time.Second / stoppedRateRPS
		if a.Outcome != harness.OK || a.Cause != "" || (a.Intended-due).Abs() > time.Microsecond {
			t.Fatalf("attempt %+v", a)
		}
	}
	h.stops, h.stopped = s.stops.Sub(driven.Began), s.stopped.Sub(driven.Began)
	h.continues, h.continued = s.continues.Sub(driven.Began), s.continued.Sub(driven.Began)
	return h
}

// analytic returns the response times of the attempts in ascending order, where the
// server stands still from one time until another and an attempt takes a time besides.
func (h held) analytic(from, until, besides time.Duration) []time.Duration {
	return h.times(func(a harness.Attempt) time.Duration {
		if from <= a.Intended && a.Intended < until {
			return until - a.Intended + besides
		}
		return besides
	})
}

func (h held) times(of func(harness.Attempt) time.Duration) []time.Duration {
	var times []time.Duration
	for _, a := range h.attempts {
		times = append(times, of(a))
	}
	slices.Sort(times)
	return times
}

// hidden counts the attempts that were due while the server certainly stood, but have
// a time shorter than the rest of that.
func (h held) hidden(of func(harness.Attempt) time.Duration) (n int) {
	for _, a := range h.attempts {
		if h.stopped <= a.Intended && a.Intended < h.continues && of(a) < h.continues-a.Intended {
			n++
		}
	}
	return n
}

// longest returns response times as if the server had stood still until everything
// was answered that was due before it went on, and the others had all taken as long
// as the slowest of them.
func (h held) longest() []time.Duration {
	drained, slowest := h.continued, time.Duration(0)
	met := func(a harness.Attempt) bool { return a.Intended < h.continued && a.Done >= h.stops }
	for _, a := range h.attempts {
		if met(a) {
			drained = max(drained, a.Done)
		} else {
			slowest = max(slowest, a.Latency())
		}
	}
	return h.times(func(a harness.Attempt) time.Duration {
		if met(a) {
			return drained - a.Intended
		}
		return slowest
	})
}

// TestResponseTimesTellOfAServerThatStoodStill compares with what must be, between
// bounds that hold on a busy machine: no response time is shorter than the rest of
// the stop, and no quantile is greater than if the stop had lasted until everything
// that was due in it had been answered.
func TestResponseTimesTellOfAServerThatStoodStill(t *testing.T) {
	for _, name := range []string{"wire", "vegeta"} {
		for _, connections := range []int{0, 10} {
			t.Run(fmt.Sprintf("%s, connections %d", name, connections), func(t *testing.T) {
				t.Parallel() // they stand still for most of the time
				d, err := New(name)
				if err != nil {
					t.Fatal(err)
				}
				h := heldUp(t, d, 4*time.Second, connections)
				if n := h.hidden(harness.Attempt.Latency); n > 0 {
					t.Errorf("%d response times hide that the server stood still", n)
				}
				times, low, high := h.times(harness.Attempt.Latency), h.analytic(h.stopped, h.continues, 0), h.longest()
				for _, q := range []float64{0.5, 0.75, 0.9, 0.95, 0.99, 1} {
					if got, least, most := stats.Quantile(times, q), stats.Quantile(low, q), stats.Quantile(high, q); got < least || got > most {
						t.Errorf("quantile %v is %v, want %v to %v", q, got, least, most)
					}
				}
				if n := h.hidden(harness.Attempt.Service); connections > 0 && n == 0 {
					t.Error("the times from sending on would do as well, so the test shows nothing")
				}
			})
		}
	}
}

// TestResponseTimesAreExactWhereAServerStoodStill is the same within 1 % from the 95th
// percentile on, on a machine that does nothing else: ten seconds at 500/s. Who is due
// late in the stop waits for its backlog too, some 700 attempts, which takes the server
// and the client some milliseconds and is no longer 1 % of what these waited.
//
//	HAPROOF_STRICT=1 go test -v -run ResponseTimesAreExact ./harness/driver
func TestResponseTimesAreExactWhereAServerStoodStill(t *testing.T) {
	if os.Getenv("HAPROOF_STRICT") == "" {
		t.Skip("HAPROOF_STRICT is not set")
	}
	for _, name := range []string{"wire", "vegeta"} {
		d, err := New(name)
		if err != nil {
			t.Fatal(err)
		}
		h := heldUp(t, d, 10*time.Second, 0)
		times := h.times(harness.Attempt.Latency)
		usual := stats.Quantile(times, 0.5)
		from, until := (h.stops+h.stopped)/2, (h.continues+h.continued)/2
		want := h.analytic(from, until, usual)
		t.Logf("%s: stopped for %v, known to %v; median %v", name, until-from, h.stopped-h.stops+h.continued-h.continues, usual)
		for _, q := range []float64{0.88, 0.9, 0.95, 0.99, 0.999, 1} {
			got, exact := stats.Quantile(times, q), stats.Quantile(want, q)
			off := float64(got-exact) / float64(exact)
			t.Logf("%s: quantile %v is %v, analytic %v, %+.2f %%", name, q, got, exact, off*100)
			if q >= 0.95 && math.Abs(off) > 0.01 {
				t.Errorf("%s: quantile %v is %v, analytic %v: %+.2f %%", name, q, got, exact, off*100)
			}
		}
	}
}
