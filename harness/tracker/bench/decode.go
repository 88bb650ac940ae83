package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/haproof/haproof/harness/goals"
	"github.com/haproof/haproof/harness/peers"
	"github.com/haproof/haproof/harness/tracker"
)

// decode measures decoding alone, then a session that counts, and the rival's that
// counts, in turns.
func (b *bench) decode(ctx context.Context) error {
	r := newRecording()
	file := filepath.Join(b.dir, "session")
	if err := os.WriteFile(file, r.whole(), 0o600); err != nil {
		return err
	}
	var alone, ours, theirs, ratio []float64
	counter := newSessionCounter()
	if _, err := counter.count(ctx, r); err != nil { // to get warm, as the rival does
		return err
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for range b.rounds {
		took, err := decodeAlone(r.stream)
		if err != nil {
			return err
		}
		alone = append(alone, perUpdate(took))
		if took, err = counter.count(ctx, r); err != nil {
			return err
		}
		ours = append(ours, perUpdate(took))
		if b.rival == "" {
			continue
		}
		if took, err = b.rivalCounts(ctx, file); err != nil {
			return err
		}
		theirs = append(theirs, perUpdate(took))
		ratio = append(ratio, theirs[len(theirs)-1]/ours[len(ours)-1])
	}
	b.table.Row(goals.Result{What: "decode alone", Unit: "ns/update", Goal: goals.AtMost(60), Values: alone, Note: "CPU time of one core, a million updates each time"})
	b.table.Row(goals.Result{What: "session, decode and total", Unit: "ns/update", Goal: goals.AtMost(200), Values: ours, Note: "likewise, 100,000 customers"})
	if b.rival != "" {
		b.table.Row(goals.Result{What: "the same, haproxy-go v0.0.8", Unit: "ns/update", Values: theirs, Note: "likewise, the same bytes; its handler writes one map and cannot tell a restart"})
		b.table.Row(goals.Result{What: "haproxy-go / ours", Unit: "×", Values: ratio, Note: "each round by itself"})
	}
	return nil
}

func perUpdate(d time.Duration) float64 { return float64(d) / updates }

// used is the time that this process has had a processor: with one core for all of
// it, that of the work, however busy the machine is.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // it cannot fail
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// decodeAlone looks at every value and does nothing with it.
func decodeAlone(stream []byte) (time.Duration, error) {
	var d peers.Decoder
	sum, seen := uint64(0), 0
	began := used()
	for rest := stream; len(rest) > 0; {
		m, n, err := d.Next(rest)
		if err != nil {
			return 0, err
		}
		rest = rest[n:]
		if m.Kind == peers.KindUpdate {
			sum += m.Update.Values[0]
			seen++
		}
	}
	took := used() - began
	if seen != updates || sum == 0 {
		return 0, fmt.Errorf("decoded %d updates, want %d", seen, updates)
	}
	return took, nil
}

// sessionCounter counts what a session tells, as the tracker does but without a
// store.
type sessionCounter struct {
	counts *tracker.Counts
	from   *tracker.Session
	number uint32

	observations []tracker.Observation // since the last commit
	tally        tracker.Tally
}

// together is how many observations a tracker counts at a time.
const together = 1024

func newSessionCounter() *sessionCounter {
	c := &sessionCounter{counts: tracker.NewCounts()}
	c.counts.Advance(time.Now())
	return c
}

// count runs one session. Of one that was counted before, the values are the same
// again, but it is another process that says them: everything begins anew.
func (c *sessionCounter) count(ctx context.Context, r recording) (time.Duration, error) {
	c.number++
	c.tally = tracker.Tally{}
	c.from = &tracker.Session{Source: "hap1", Table: "quota", Number: c.number}
	conn := &tape{rest: r.whole()}
	began := used()
	session, err := peers.Accept(ctx, conn, peers.Config{Name: "tracker"}, func(peers.Hello) peers.Status { return peers.StatusOK })
	if err != nil {
		return 0, err
	}
	err = session.Run(ctx, c) // ends with the tape
	took := used() - began
	repeated := c.tally[tracker.Unchanged] // customers of whom both sessions only say 1
	if told := c.tally[tracker.Grown] + c.tally[tracker.Restarted] + repeated; told != updates || repeated > updates/1000 {
		return 0, fmt.Errorf("session told %d updates, %d of them repetitions, want %d: %w", told, repeated, updates, err)
	}
	return took, nil
}

// Update counts, sooner or later.
func (c *sessionCounter) Update(u *peers.Update) {
	c.observations = append(c.observations, tracker.Observation{Session: c.from, Key: u.Key, Value: uint32(u.Values[0]), Timed: u.Timed})
	if len(c.observations) >= together {
		c.apply()
	}
}

func (c *sessionCounter) apply() {
	c.counts.CountAll(c.observations, &c.tally)
	c.observations = c.observations[:0]
}

// Control ignores what is not an update.
func (c *sessionCounter) Control(peers.Control) {}

// Commit counts what is left.
func (c *sessionCounter) Commit() error {
	c.apply()
	return nil
}

// rivalCounts runs the rival once.
func (b *bench) rivalCounts(ctx context.Context, file string) (time.Duration, error) {
	out, err := exec.CommandContext(ctx, b.rival, file).Output()
	if err != nil {
		return 0, fmt.Errorf("rival: %w", err)
	}
	var ns, sum int64
	if _, err := fmt.Sscan(strings.TrimSpace(string(out)), &ns, &sum); err != nil {
		return 0, fmt.Errorf("rival said %q: %w", out, err)
	}
	if sum != updates {
		return 0, fmt.Errorf("rival counted %d, want %d", sum, updates)
	}
	return time.Duration(ns), nil
}
