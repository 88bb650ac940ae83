package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/peers"
)

var ageless = cmpopts.IgnoreFields(Source{}, "LastMessageAgeSeconds")

func TestCountsAreWhatPeersSaid(t *testing.T) {
	r := serving(t, Config{}, nil)
	one, two := r.call("proxy1", 7), r.call("proxy2", 8)
	one.push("c0001|1", 5, "c0002|1", 7, "nobody", 100)
	one.push("c0001|1", 2)
	two.push("c0001|2", 1)
	want := Counts{Table: "quota", Total: 15, Customers: map[string]uint64{"c0001": 8, "c0002": 7}, Sources: map[string]Source{
		"proxy1": {Total: 14, Generations: 1, Sessions: 1, PID: 7, Resync: "asked", Updates: 4, Decreases: 1, Refused: 1},
		"proxy2": {Total: 1, Generations: 1, Sessions: 1, PID: 8, Resync: "asked", Updates: 1},
	}}
	if diff := cmp.Diff(want, getJSON[Counts](r, "/v1/counts"), ageless); diff != "" {
		t.Error(diff)
	}
}

func TestCountsKeepCustomersApartWhoseNamesAreNoText(t *testing.T) {
	r := serving(t, Config{}, nil)
	r.call("hap1", 1).push("x\xfe|1", 3, "x\xff|1", 4, "x\uFFFD|1", 5, "\"<\\\x01|1", 6, "50%|1", 7, "|1", 8)
	got := getJSON[Counts](r, "/v1/counts")
	want := map[string]uint64{"x%FE": 3, "x%FF": 4, "x\uFFFD": 5, "\"<\\\x01": 6, "50%25": 7, "": 8}
	if diff := cmp.Diff(want, got.Customers); diff != "" || got.Total != 33 {
		t.Errorf("total %d, customers (-want +got):\n%s", got.Total, diff)
	}
}

func TestReadinessWaitsForEveryPeer(t *testing.T) {
	r := serving(t, Config{}, nil)
	if got := string(r.get(http.StatusOK, "/healthz")); got != "ok\n" {
		t.Errorf("healthz: got %q", got)
	}
	if got := string(r.get(http.StatusServiceUnavailable, "/readyz")); got != "no peer is connected\n" {
		t.Errorf("readyz without peers: got %q", got)
	}
	one, two := r.call("proxy1", 7), r.call("proxy2", 8)
	one.Finished()
	one.push("a|1", 1)
	two.Write(peers.ResyncPartial.AppendTo(nil))
	two.push("a|1", 1)
	if got := string(r.get(http.StatusServiceUnavailable, "/readyz")); got != "resync with proxy2: partial\n" {
		t.Errorf("readyz: got %q", got)
	}
	two.Finished()
	two.push("a|1", 2)
	r.get(http.StatusOK, "/readyz")
}

func TestStoreThatDoesNotSortInIsNotReady(t *testing.T) {
	var stuck atomic.Bool
	r := serving(t, Config{Journal: func() Journal {
		if stuck.Load() {
			return Journal{FoldErr: errors.New("it is Sunday"), Bytes: -1}
		}
		return Journal{Bytes: 5}
	}}, &memory{})
	p := r.call("proxy1", 7)
	p.Finished()
	p.push("a|1", 1)
	r.get(http.StatusOK, "/readyz")
	if got := r.metrics(); got["quota_tracker_ready"] != 1 || got["quota_tracker_store_bytes"] != 5 {
		t.Errorf("well: got %v", got)
	}
	stuck.Store(true)
	if got, want := string(r.get(http.StatusServiceUnavailable, "/readyz")), "the journal of the store cannot be sorted in: it is Sunday\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	got := r.metrics()
	if _, known := got["quota_tracker_store_bytes"]; known || got["quota_tracker_ready"] != 0 || got["quota_tracker_journal_ok"] != 0 {
		t.Errorf("stuck: got %v", got)
	}
}

func TestCountsAreRefusedWhileTheyAreNotDurable(t *testing.T) {
	store := &memory{}
	r := serving(t, Config{}, store)
	p := r.call("proxy1", 7)
	p.push("a|1", 1)
	began := time.Now().Add(-time.Second)
	store.fail(errors.New("disk is full"))
	p.say("a|1", 2)
	realtest.Await(t, "counted", func() error {
		if got := getJSON[Counts](r, "/v1/counts?durable=false"); got.Total != 2 || got.Durable == nil || *got.Durable {
			return errors.New("not yet")
		}
		return nil
	})
	realtest.Await(t, "the failure is seen by lists", func() error {
		if r.api.live.summary().durable {
			return errors.New("not yet")
		}
		return nil
	})
	for _, path := range []string{"/v1/counts", "/v1/customers", "/v1/customers/a"} {
		resp, body := r.ask("GET", path)
		var p struct {
			Status int
			Detail string
			Since  time.Time
		}
		if err := json.Unmarshal(body, &p); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Content-Type") != "application/problem+json" ||
			p.Status != 503 || !strings.Contains(p.Detail, "disk is full") || p.Since.Before(began) || p.Since.After(time.Now()) {
			t.Errorf("%s: got %s %s", path, resp.Status, body)
		}
	}
	if list := getJSON[Customers](r, "/v1/customers?durable=false"); list.Durable || list.Customers[0].Total != 2 {
		t.Errorf("list: got %+v, want 2 that are not durable", list)
	}
	store.fail(nil)
	realtest.Await(t, "durable again", func() error {
		if resp, body := r.ask("GET", "/v1/counts"); resp.StatusCode != http.StatusOK {
			return errors.New(string(body))
		}
		return nil
	})
	if got := getJSON[Counts](r, "/v1/counts?durable=false"); got.Durable == nil || !*got.Durable {
		t.Errorf("got %+v, want durable", got)
	}
}
