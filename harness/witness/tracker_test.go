package witness

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/haproof/haproof/harness"
)

func trackerSaying(t *testing.T, status int, body string) *Tracker {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/counts" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return NewTracker(harness.WitnessTracker, server.URL, Access{})
}

func TestTrackerTestifiesWhatItsAPISays(t *testing.T) {
	body := `{"total":130,"customers":{"c0001":123,"c0002":7},"sources":{"proxy1":{"sessions":1}}}`
	got, err := trackerSaying(t, 200, body).Testify(t.Context())
	want := harness.Ledger{"c0001": {Sure: 123}, "c0002": {Sure: 7}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v %s", err, diff)
	}
}

func TestTrackerThatCannotBeReadHasNoLedger(t *testing.T) {
	for _, test := range []struct {
		status     int
		body, want string
	}{
		{503, `{"total":0,"customers":{}}`, "503"},
		{200, ``, "JSON"},
		{200, `{}`, "missing"},
		{200, `{"total":1}`, "missing"},
		{200, `{"customers":{"c0001":1}}`, "missing"},
		{200, `{"total":2,"customers":{"c0001":1}}`, "total is 2, but the customers add up to 1"},
		{200, `{"total":1,"customers":{"c0001":-1}}`, "c0001"},
		{200, `{"total":1,"customers":{"c0001":1.5}}`, "c0001"},
	} {
		ledger, err := trackerSaying(t, test.status, test.body).Testify(t.Context())
		if ledger != nil || err == nil || !strings.Contains(err.Error(), test.want) && test.want != "c0001" {
			t.Errorf("%d %s: ledger %v, error %v", test.status, test.body, ledger, err)
		}
	}
	if ledger, err := NewTracker("tracker", "http://127.0.0.1:1", Access{}).Testify(t.Context()); ledger != nil || err == nil {
		t.Errorf("nobody listens: %v, %v", ledger, err)
	}
}

func TestTrackersKeepTheirNames(t *testing.T) {
	if got := NewTracker("tracker2", "", Access{}).Name(); got != "tracker2" {
		t.Error(got)
	}
}

func TestTrackerShowsItsTokenOverTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer open" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, `{"total":1,"customers":{"c0001":1}}`)
	}))
	t.Cleanup(server.Close)
	trust := server.Client().Transport.(*http.Transport).TLSClientConfig
	for token, want := range map[string]uint64{"open": 1, "": 0, "shut": 0} {
		got, err := NewTracker("tracker", server.URL, Access{TLS: trust, Token: token}).Testify(t.Context())
		if got["c0001"].Sure != want || (err == nil) != (want > 0) {
			t.Errorf("token %q: got %v, %v", token, got, err)
		}
	}
	if _, err := NewTracker("tracker", server.URL, Access{Token: "open"}).Testify(t.Context()); err == nil {
		t.Error("unknown authority: got no error")
	}
}
