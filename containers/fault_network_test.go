package containers

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

func TestNetworkFaultsInProcesses(t *testing.T) { testNetworkFaults(t, engineLocal) }

func TestNetworkFaultsInContainers(t *testing.T) {
	needDocker(t)
	testNetworkFaults(t, engineDocker)
}

// testNetworkFaults plays every fault of the network, and the full disk, on the tracker
// of one lab. After each the lab is whole and all witnesses agree.
func testNetworkFaults(t *testing.T, engineName string) {
	if os.Getuid() != 0 {
		realtest.Missing(t, errors.New("only root can mount a file system for diskfull"))
	}
	l := startDisturbed(t, engineName, []string{harness.FaultCut, harness.FaultReset, harness.FaultDelay, harness.FaultHalfOpen, harness.FaultThrottle, harness.FaultDiskFull}, nil)
	l.agree(t)
	t.Run("CutTrackerRefuses", func(t *testing.T) {
		l.during(t, harness.Fault{Do: harness.FaultCut, Node: "tracker1"}, func() error {
			conn, err := net.Dial("tcp", l.plan.relays["tracker1"].address)
			if err == nil {
				return errors.Join(errors.New("it accepts"), conn.Close())
			}
			if !errors.Is(err, syscall.ECONNREFUSED) {
				return err
			}
			return l.disconnected(t)
		})
	})
	t.Run("FaultEndsByItself", func(t *testing.T) {
		l.play(t, harness.Fault{Do: harness.FaultCut, Node: "tracker1", For: 100 * time.Millisecond})
		l.recover(t)
		l.agree(t)
	})
	t.Run("ResetTrackerIsConnectedAnew", func(t *testing.T) {
		before := l.sessions()
		l.play(t, harness.Fault{Do: harness.FaultReset, Node: "tracker1"})
		l.recover(t)
		l.agree(t)
		if after := l.sessions(); after == before {
			t.Errorf("connection %d before and after", before)
		}
	})
	t.Run("DelayedTrackerKnowsLater", func(t *testing.T) {
		l.during(t, harness.Fault{Do: harness.FaultDelay, Node: "tracker1", Delay: 300 * time.Millisecond}, func() error {
			began := time.Now()
			if err := l.greet(t, 10*time.Second); err != nil {
				return err
			}
			if took := time.Since(began); took < 600*time.Millisecond {
				return fmt.Errorf("a handshake takes %v", took)
			}
			return nil
		})
	})
	t.Run("SilentTrackerIsNotMissed", func(t *testing.T) {
		l.during(t, harness.Fault{Do: harness.FaultHalfOpen, Node: "tracker1"}, func() error { return l.unanswered(t) })
	})
	t.Run("ThrottledTrackerIsNotMissed", func(t *testing.T) {
		l.during(t, harness.Fault{Do: harness.FaultThrottle, Node: "tracker1"}, func() error { return l.unanswered(t) })
	})
	t.Run("TrackerWithoutRoomKeepsNothing", func(t *testing.T) {
		store := filepath.Join(l.node("tracker1").site.HostDir, storeDir)
		l.during(t, harness.Fault{Do: harness.FaultDiskFull, Node: "tracker1"}, func() error {
			err := os.WriteFile(filepath.Join(store, "more"), []byte("x"), 0o600)
			if !errors.Is(err, syscall.ENOSPC) {
				err = fmt.Errorf("a byte more: %w", errors.Join(err, errors.New("there is room")))
			} else {
				err = nil
			}
			return errors.Join(err, os.Remove(filepath.Join(store, "more")))
		})
		l.play(t, harness.Fault{Do: harness.FaultRestart, Node: "tracker1", Signal: "term"})
		l.recover(t)
		l.agree(t)
	})
	t.Run("CloseUnmounts", func(t *testing.T) {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		table, err := os.ReadFile("/proc/self/mountinfo")
		if left := mountsBelow(string(table), l.plan.options.workDir()); err != nil || len(left) > 0 {
			t.Errorf("%v, left: %v", err, left)
		}
	})
}

// greet shakes hands with the tracker over its relay.
func (l *disturbed) greet(t *testing.T, within time.Duration) error {
	dialer := tls.Dialer{NetDialer: &net.Dialer{Timeout: within}, Config: &tls.Config{InsecureSkipVerify: true}}
	conn, err := dialer.DialContext(timeLimit(t, within), "tcp", l.plan.relays["tracker1"].address)
	if err != nil {
		return err
	}
	return conn.Close()
}

// unanswered wants a handshake that neither succeeds nor is refused.
func (l *disturbed) unanswered(t *testing.T) error {
	err := l.greet(t, 300*time.Millisecond)
	var timeout net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return nil
	}
	return errors.Join(err, errors.New("the tracker answers"))
}

// disconnected wants a proxy that has no session with the tracker.
func (l *disturbed) disconnected(t *testing.T) error {
	sections, err := l.api().ShowPeers(t.Context())
	if err != nil {
		return err
	}
	if trackersEstablished(l.plan.among(sections, l.plan.of(harness.TierTracker)), 1) == nil {
		return errors.New("the session is established")
	}
	return nil
}

// sessions is how many connections the tracker's relay has seen.
func (l *disturbed) sessions() int {
	r := l.plan.relays["tracker1"]
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.number
}
