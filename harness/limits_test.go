package harness

import "testing"

func TestLimitsHoldTheFirstCustomers(t *testing.T) {
	limits := &Limits{Customers: 10_000}
	for key, want := range map[string]bool{"c0000": true, "c9999": true, "": false, "c": false, "a0000": false, "c-001": false} {
		if got := limits.Hold(key); got != want {
			t.Errorf("%q of 10000: got %v, want %v", key, got, want)
		}
	}
	limits.Customers = 25
	if !limits.Hold("c0024") || limits.Hold("c0025") {
		t.Error("of 25, c0024 must be held and c0025 not")
	}
	if (*Limits)(nil).Hold("c0000") {
		t.Error("nobody has a limit where there are none")
	}
}

func TestDenialIsAnErrorOnlyWithoutLimitsAndLeavingNever(t *testing.T) {
	with, without := &Limits{Customers: 1, Total: 1}, (*Limits)(nil)
	for _, row := range []struct {
		limits *Limits
		cause  Cause
		want   bool
	}{
		{with, "", true}, {with, CauseDenied, true}, {with, CauseStatus, false},
		{with, CauseAborted, true}, {without, CauseAborted, true},
		{without, "", true}, {without, CauseDenied, false}, {without, CauseReset, false},
	} {
		if got := row.limits.Expect(row.cause); got != row.want {
			t.Errorf("limits %v, cause %q: got %v, want %v", row.limits, row.cause, got, row.want)
		}
	}
}

func TestSeriesTellsDenialsFromErrors(t *testing.T) {
	attempts := []Attempt{{Done: 1}, {Done: 2, Cause: CauseDenied}, {Done: 3, Cause: CauseDenied}, {Done: 4, Cause: CauseStatus}}
	for _, row := range []struct {
		limits         *Limits
		errors, denied uint64
	}{{&Limits{Customers: 1, Total: 1}, 1, 2}, {nil, 3, 0}} {
		m := series(attempts, row.limits, leastMoment, &Workload{})
		if len(m) != 1 || m[0].Done != 4 || m[0].Errors != row.errors || m[0].Denied != row.denied {
			t.Errorf("limits %v: got %+v, want %d errors and %d denied", row.limits, m, row.errors, row.denied)
		}
	}
}
