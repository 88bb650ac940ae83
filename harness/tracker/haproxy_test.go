package tracker

import (
	"sync"
	"testing"
)

func TestHAProxyIsCountedExactly(t *testing.T) {
	r := newRig(t, haproxyCalls, GenerationKeys)
	r.drive(2000)
	r.settle()
	r.demandExact()
}

func TestHAProxyIsCountedExactlyWhenTheTrackerCalls(t *testing.T) {
	r := newRig(t, trackerCalls, GenerationKeys)
	r.drive(1000)
	r.settle()
	r.demandExact()
}

func TestHAProxyIsCountedExactlyAcrossATrackerRestart(t *testing.T) {
	r := newRig(t, haproxyCalls, GenerationKeys)
	r.drive(400)
	r.stop() // in the middle: what follows is counted while nobody listens
	r.drive(400)
	r.startTracker()
	r.await("HAProxy connected again", r.connected)
	r.drive(400)
	r.settle()
	r.demandExact()
}

func TestHAProxyIsCountedExactlyAcrossAReload(t *testing.T) {
	r := newRig(t, haproxyCalls, GenerationKeys)
	r.drive(400)
	r.client.CloseIdleConnections()
	r.reload()
	r.drive(400)
	r.settle()
	r.demandExact()
	if got := r.source().Restarts; got == 0 {
		t.Error("restarts: got 0, want the new worker noticed")
	}
}

func TestHAProxyWithPlainKeysIsCountedExactly(t *testing.T) {
	r := newRig(t, haproxyCalls, PlainKeys)
	r.drive(1000)
	r.settle()
	r.demandExact()
	r.client.CloseIdleConnections()
	r.reload()
	r.drive(1000)
	r.settle()
	r.demandExact()
}

// Reloads under traffic lose the answers that a stopping worker still gives, unless
// its log is counted too; and clients see some connections closed. But nobody is ever
// charged more often than the origin has answered.
func TestHAProxyIsNeverOvercountedAcrossReloadsUnderTraffic(t *testing.T) {
	neverOvercounted(t, GenerationKeys)
}

// With plain keys the new worker overwrites what it counted before it had learned.
func TestHAProxyWithPlainKeysIsNeverOvercounted(t *testing.T) { neverOvercounted(t, PlainKeys) }

func neverOvercounted(t *testing.T, keys Keys) {
	r := newRig(t, haproxyCalls, keys)
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for w := range 4 {
		clients.Go(func() {
			for i := w; ; i += 4 {
				select {
				case <-stop:
					return
				default:
					_ = r.attempt(i) // the origin knows better what was answered
				}
			}
		})
	}
	for range 3 {
		r.reload()
	}
	close(stop)
	clients.Wait()
	r.client.CloseIdleConnections()
	r.settle()
	got := totals(t, r.tracker)
	r.mu.Lock()
	defer r.mu.Unlock()
	served, charged := uint64(0), uint64(0)
	for name, n := range r.served {
		served += n
		charged += got[name]
		if got[name] > n {
			t.Errorf("%s: charged %d times for %d answers", name, got[name], n)
		}
	}
	if charged == 0 {
		t.Error("nothing was counted")
	}
	t.Logf("charged %d of %d answers", charged, served)
}
