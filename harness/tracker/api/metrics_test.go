package api

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/tracker/plan"
)

// metrics returns the samples of /metrics, by name and labels.
func (r *rig) metrics() map[string]float64 {
	r.t.Helper()
	samples := make(map[string]float64)
	for line := range strings.Lines(string(r.get(http.StatusOK, "/metrics"))) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		name, text, _ := strings.Cut(strings.TrimSpace(line), "} ")
		if text == "" {
			name, text, _ = strings.Cut(strings.TrimSpace(line), " ")
		} else {
			name += "}"
		}
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			r.t.Fatalf("%s: %v", line, err)
		}
		samples[name] = value
	}
	return samples
}

func TestMetricsSayWhatTheTrackerDoes(t *testing.T) {
	store := &memory{}
	m := NewMetrics()
	limits := standings{{Customer: "a", Denied: true, Limits: []plan.Usage{{Period: plan.Day, Max: 1, Used: 1}}}, {Customer: "b"}}
	cfg := Config{
		Metrics: m, Version: "1.2.3", Limits: limits,
		Webhook: func() Webhook {
			return Webhook{Delivered: 3, Failed: 2, Failing: 1, Oldest: time.Now().Add(-time.Hour)}
		},
		Journal: func() Journal { return Journal{Rows: 4, Bytes: 1000} },
		Drain:   func() DrainLog { return DrainLog{Malformed: 5, TurnedAway: 6, Lost: 7, Bytes: 8, Lines: 9} },
	}
	r := serving(t, cfg, m.Watch(store))
	p := r.call("hap1", 7)
	p.Finished()
	p.push("a|1", 5, "b|1", 7, "nobody", 1)
	p.push("a|1", 5)
	r.seen(12)
	r.get(http.StatusOK, "/v1/counts")
	got := r.metrics()
	for name, want := range map[string]float64{
		`quota_tracker_counted_total`:                                            12,
		`quota_tracker_customers`:                                                2,
		`quota_tracker_entries`:                                                  2,
		`quota_tracker_generations{state="open"}`:                                1,
		`quota_tracker_sources`:                                                  1,
		`quota_tracker_sessions{source="hap1"}`:                                  1,
		`quota_tracker_resync_finished{source="hap1"}`:                           1,
		`quota_tracker_restarts_total{source="hap1"}`:                            0,
		`quota_tracker_updates_total{effect="grown",source="hap1"}`:              2,
		`quota_tracker_updates_total{effect="unchanged",source="hap1"}`:          1,
		`quota_tracker_updates_total{effect="refused",source="hap1"}`:            1,
		`quota_tracker_ready`:                                                    1,
		`quota_tracker_store_configured`:                                         1,
		`quota_tracker_commit_failing_seconds`:                                   0,
		`quota_tracker_commit_failures_total`:                                    0,
		`quota_tracker_committed_entries_total`:                                  2,
		`quota_tracker_plan_customers`:                                           2,
		`quota_tracker_denied_customers`:                                         1,
		`quota_tracker_webhook_delivered_total`:                                  3,
		`quota_tracker_webhook_failures_total`:                                   2,
		`quota_tracker_webhook_failing`:                                          1,
		`quota_tracker_drain_lines_total{result="counted"}`:                      0,
		`quota_tracker_drain_faults_total{fault="malformed"}`:                    5,
		`quota_tracker_drain_faults_total{fault="turned_away"}`:                  6,
		`quota_tracker_drain_lost_total`:                                         7,
		`quota_tracker_drain_unread_bytes`:                                       8,
		`quota_tracker_drain_uncounted_lines`:                                    9,
		`quota_tracker_journal_rows`:                                             4,
		`quota_tracker_journal_ok`:                                               1,
		`quota_tracker_store_bytes`:                                              1000,
		`quota_tracker_event_streams`:                                            0,
		`quota_tracker_http_responses_total{code="200",route="/v1/counts"}`:      1,
		`quota_tracker_http_response_duration_seconds_count{route="/v1/counts"}`: 1,
	} {
		if value, ok := got[name]; !ok || value != want {
			t.Errorf("%s: got %v, %v, want %v", name, value, ok, want)
		}
	}
	if n := got["quota_tracker_commit_duration_seconds_count"]; n < 1 || n != got["quota_tracker_commits_total"] {
		t.Errorf("got %v durations of %v commits", n, got["quota_tracker_commits_total"])
	}
	if got["quota_tracker_webhook_oldest_seconds"] < 3600 || got["go_goroutines"] == 0 || got["process_open_fds"] == 0 {
		t.Errorf("got %v", got)
	}
	store.fail(errors.New("disk is full"))
	p.say("a|1", 6)
	realtest.Await(t, "the failure shows", func() error {
		if got := r.metrics(); got["quota_tracker_commit_failures_total"] < 1 || got["quota_tracker_commit_failing_seconds"] <= 0 || got["quota_tracker_ready"] != 0 {
			return errors.New("not yet")
		}
		return nil
	})
	store.fail(nil)
}

func TestMetricsNameNoCustomerAndNotEverySource(t *testing.T) {
	r := serving(t, Config{}, nil)
	for i := range maxLabels + 5 {
		r.call(fmt.Sprintf("hap%03d", i), 1).push("secret-customer|"+fmt.Sprint(i), 1)
	}
	r.get(http.StatusOK, "/v1/customers/secret-customer")
	body := string(r.get(http.StatusOK, "/metrics"))
	if strings.Contains(body, "secret-customer") {
		t.Error("a customer is named")
	}
	got := r.metrics()
	if got[`quota_tracker_updates_total{effect="grown",source="(other)"}`] != 5 || got[`quota_tracker_sessions{source="(other)"}`] != 5 ||
		got["quota_tracker_sources"] != maxLabels+5 {
		t.Errorf("got %v grown by others, want 5", got[`quota_tracker_updates_total{effect="grown",source="(other)"}`])
	}
	if n := strings.Count(body, "quota_tracker_sessions{"); n != maxLabels+1 {
		t.Errorf("got %d sources with labels, want %d", n, maxLabels+1)
	}
}
