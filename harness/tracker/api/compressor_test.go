package api

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

var rates = regexp.MustCompile(`"rate":[^,}]*`)

// from asks the handler directly, as if from an address.
func (r *rig) from(addr, path, coding string) *http.Response {
	req := httptest.NewRequest("GET", "http://127.0.0.1"+path, nil)
	req.RemoteAddr = addr
	req.Header.Set("Accept-Encoding", coding)
	answer := httptest.NewRecorder()
	r.api.handler().ServeHTTP(answer, req)
	return answer.Result()
}

func TestLargeAnswersAreCompressedForOtherMachines(t *testing.T) {
	r := serving(t, Config{}, nil)
	var values []any
	for i := range 1000 {
		values = append(values, fmt.Sprintf("c%04d|1", i), 1)
	}
	r.call("hap1", 1).push(values...)
	r.seen(1000)
	plain := string(r.get(http.StatusOK, "/v1/customers?limit=1000&sort=name"))
	for _, q := range []struct {
		addr, path, coding string
		zipped             bool
	}{
		{"192.0.2.1:1", "/v1/customers?limit=1000&sort=name", "br, gzip", true},
		{"192.0.2.1:1", "/v1/customers?limit=1000&sort=name", "gzip;q=0.5", true},
		{"192.0.2.1:1", "/v1/customers?limit=1000&sort=name", "gzip; q=0", false},
		{"192.0.2.1:1", "/v1/customers?limit=1000&sort=name", "", false},
		{"192.0.2.1:1", "/v1/customers?limit=1&sort=name", "gzip", false}, // small
		{"192.0.2.1:1", "/nothing", "gzip", false},
		{"127.0.0.1:1", "/v1/customers?limit=1000&sort=name", "gzip", false}, // costs more than it saves
	} {
		resp := r.from(q.addr, q.path, q.coding)
		if got := resp.Header.Get("Content-Encoding") == "gzip"; got != q.zipped {
			t.Errorf("%+v: compressed %v", q, got)
			continue
		}
		if !q.zipped {
			continue
		}
		unzipped, err := gzip.NewReader(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(unzipped)
		got, want := string(body), plain
		got, want = got[strings.Index(got, `"customers"`):], want[strings.Index(want, `"customers"`):] // behind the time
		got, want = rates.ReplaceAllString(got, ""), rates.ReplaceAllString(want, "")                  // which it changes
		if got != want || err != nil {
			t.Errorf("%+v: got %d bytes, %v, want %d", q, len(got), err, len(want))
		}
	}
}
