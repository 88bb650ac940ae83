package check

import (
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
)

// lasting has the last n attempts take so long, of which they were late by lag.
func lasting(n int, service, lag time.Duration) func(*harness.Record) {
	return func(r *harness.Record) {
		for i := len(r.Attempts) - n; i < len(r.Attempts); i++ {
			a := &r.Attempts[i]
			a.Sent = a.Intended + lag
			a.Done = a.Sent + service
		}
	}
}

func TestObjectivesAreMetMissedOrUnknown(t *testing.T) {
	run(t, harness.CheckSpec{Name: "slo", Options: map[string]string{"p90": "50ms", "max": "1s", "errors": "1%"}}, []judged{
		{"all is well", nothing, harness.Pass, "met over 100 attempts", "want less than 50ms"},
		{"10 of 100 are slow", lasting(10, 60*time.Millisecond, 0), harness.Pass, "met", ""},
		{"11 of 100 are slow", lasting(11, 60*time.Millisecond, 0), harness.Fail, "missed: p90", "60ms"},
		{"one is slower than ever allowed", lasting(1, 2*time.Second, 0), harness.Fail, "missed: max", ""},
		{"the generator was late", lasting(11, time.Millisecond, 60*time.Millisecond), harness.Unknown, "being late or at its limit: p90", ""},
		{"late and slow", lasting(11, 60*time.Millisecond, 60*time.Millisecond), harness.Fail, "missed: p90", ""},
		{"one error", func(r *harness.Record) { timeOut(r, 0) }, harness.Pass, "met", "1 of 100 attempts, want at most 1%: 1 timeout"},
		{"errors", func(r *harness.Record) {
			r.Attempts[0].Cause, r.Attempts[1].Cause = harness.CauseStatus, harness.CauseStatus
		},
			harness.Fail, "missed: errors", "2 status"},
		{"errors of the client's own making", func(r *harness.Record) {
			r.Attempts[0].Cause, r.Attempts[1].Cause = harness.CausePorts, harness.CausePorts
		},
			harness.Unknown, "late or at its limit: errors", "2 ports"},
		{"enough errors beside those", func(r *harness.Record) {
			r.Attempts[0].Cause, r.Attempts[1].Cause, r.Attempts[2].Cause = harness.CausePorts, harness.CauseStatus, harness.CauseStatus
		},
			harness.Fail, "missed: errors", "1 ports"},
		{"a hidden attempt", func(r *harness.Record) { r.Attempts = r.Attempts[:99] }, harness.Unknown, "never reported", ""},
		{"interrupted", func(r *harness.Record) { r.Interrupted = true }, harness.Unknown, "interrupted", ""},
		{"nothing", func(r *harness.Record) { r.Attempts = nil }, harness.Unknown, "no attempt", ""},
		{"search", search, harness.Unknown, "a search", ""},
	})
}

func TestObjectivesThatAreNoneAreRefused(t *testing.T) {
	for _, options := range []map[string]string{
		{"errors": "2"}, {"errors": "-1%"}, {"errors": "101%"}, {"p99": "0s"}, {"p99": "fast"}, {"p42": "1s"},
	} {
		if _, err := All([]harness.CheckSpec{{Name: "slo", Options: options}}); err == nil {
			t.Errorf("%v: accepted", options)
		}
	}
}

func TestWithoutObjectivesNothingMayGoWrong(t *testing.T) {
	run(t, harness.CheckSpec{Name: "slo"}, []judged{
		{"all is well", nothing, harness.Pass, "met", ""},
		{"one error", func(r *harness.Record) { timeOut(r, 0) }, harness.Fail, "missed: errors", "want at most 0%"},
	})
}
