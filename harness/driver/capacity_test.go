package driver

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// TestProbeCountsWhatEndedAndWhatWentWrong probes for longer where the machine is so busy
// that nothing ended in the second half of a probe: what it counts is exact however that is.
func TestProbeCountsWhatEndedAndWhatWentWrong(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		o, endpoint := newOrigin(t)
		var asked, refused atomic.Uint64
		o.meanwhile = func(w http.ResponseWriter, _ *http.Request) bool {
			if asked.Add(1)%10 != 0 {
				return false
			}
			refused.Add(1)
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		err := errNoCapacity
		for length := 300 * time.Millisecond; errors.Is(err, errNoCapacity) && length < time.Minute; length *= 10 {
			asked.Store(0)
			refused.Store(0)
			clear(o.receipts) // each probe numbers its attempts alike
			var got harness.Capacity
			got, err = d.(harness.Prober).Probe(t.Context(), usual(), []harness.Endpoint{endpoint}, length)
			arrived, repeated := o.arrivals()
			if (got.RPS > 0) != (err == nil) || got.Attempts != asked.Load() || got.Errors != refused.Load() || repeated > 0 {
				t.Errorf("%v: %+v of %d asked, %d refused, %d arrived, %d repeatedly, error %v", length, got, asked.Load(), refused.Load(), arrived, repeated, err)
			}
			realtest.Until(t, "all connections closed", func() bool { return o.open() == 0 })
		}
		if err != nil {
			t.Error(err)
		}
	})
}

// TestProbeMayLastLongerThanPatience: nobody is late in a closed loop.
func TestProbeMayLastLongerThanPatience(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		_, endpoint := newOrigin(t)
		w := usual()
		w.Timeout = 250 * time.Millisecond
		got, err := d.(harness.Prober).Probe(t.Context(), w, []harness.Endpoint{endpoint}, 3*w.Timeout)
		if err != nil {
			t.Fatal(err)
		}
		// A busy machine may lose some to their patience, but not most.
		if got.Attempts == 0 || got.Errors > got.Attempts/2 {
			t.Errorf("%+v", got)
		}
	})
}
