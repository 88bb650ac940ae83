package driver

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
)

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
		w := usual()
		got, err := d.(harness.Prober).Probe(t.Context(), w, []harness.Endpoint{endpoint}, 300*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		arrived, repeated := o.arrivals()
		if got.RPS <= 0 || got.Attempts != asked.Load() || got.Errors != refused.Load() || repeated > 0 {
			t.Errorf("%+v of %d asked, %d refused, %d arrived, %d repeatedly", got, asked.Load(), refused.Load(), arrived, repeated)
		}
		await(t, "all connections closed", func() bool { return o.open() == 0 })
	})
}
