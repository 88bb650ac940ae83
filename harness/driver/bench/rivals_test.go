package main

import "testing"

func TestRivalsWithErrorsAreNotTaken(t *testing.T) {
	for _, c := range []struct {
		why  string
		sane func(string, []byte) error
		out  string
		ok   bool
	}{
		{"wrk, all well", saneWrk, "  4839 requests in 2.00s, 505.64KB read\n", true},
		{"wrk, timeouts", saneWrk, "  Socket errors: connect 0, read 0, write 0, timeout 3\n", false},
		{"wrk, wrong answers", saneWrk, "  Non-2xx or 3xx responses: 17\n", false},
		{"h2load, all well", saneH2load, "requests: 9 total, 9 started, 9 done, 9 succeeded, 0 failed, 0 errored, 0 timeout\n", true},
		{"h2load, one failed", saneH2load, "requests: 9 total, 9 started, 9 done, 8 succeeded, 1 failed, 0 errored, 0 timeout\n", false},
		{"h2load, one timed out", saneH2load, "requests: 9 total, 9 started, 9 done, 8 succeeded, 0 failed, 0 errored, 1 timeout\n", false},
		{"h2load, silent", saneH2load, "", false},
	} {
		if err := c.sane("rival", []byte(c.out)); (err == nil) != c.ok {
			t.Errorf("%s: got %v", c.why, err)
		}
	}
}
