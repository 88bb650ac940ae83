package harness

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMistakesInUsersAreTold(t *testing.T) {
	for _, tc := range []struct{ why, workload, want string }{
		{"always so many", `requests: 100, users: {count: 50, think: 1s, thinking: exponential}`, ""},
		{"until an end", `duration: 10s, users: {count: 50}`, ""},
		{"sessions", `rate: 10/s, requests: 100, users: {requests: 10, think: 500ms, cookies: true}`, ""},
		{"sessions of any shape", `rate: 10/s, duration: 10s, arrivals: poisson, shape: {kind: ramp, to: 50/s}, users: {requests: 10}`, ""},
		{"two loads", `rate: 10/s, requests: 100, users: {count: 5}`, "there are always 5 users and they arrive at a rate"},
		{"no load", `requests: 100, users: {requests: 5}`, "nobody said how many users there are"},
		{"no load, no users", `requests: 100`, "the workload has no rate"},
		{"no end", `users: {count: 5}`, "the workload has no end"},
		{"below 0", `requests: 100, users: {count: -1, requests: 1}`, "users.count is -1, want 1 to 65536"},
		{"too many", `requests: 100, users: {count: 65537}`, "users.count is 65537"},
		{"endless sessions", `rate: 10/s, requests: 100, users: {think: 1s}`, "nobody said how often a user asks"},
		{"a part of a user", `rate: 10/s, requests: 105, users: {requests: 10}`, "105 requests are no whole number of users who ask 10 times each"},
		{"less than a user", `rate: 10/s, requests: 5, users: {requests: 10}`, "set requests: 10"},
		{"long sessions", `rate: 10/s, duration: 1s, users: {requests: 100001}`, "users.requests is 100001"},
		{"deep thought", `requests: 100, users: {count: 1, think: 61m}`, "users.think is 1h1m0s"},
		{"pauses of no length", `requests: 100, users: {count: 1, thinking: fixed}`, "and there are none"},
		{"shape of always as many", `duration: 10s, users: {count: 5}, shape: {kind: ramp, to: 5/s}`, "there are always as many"},
		{"fewer connections than users", `requests: 100, users: {count: 5}, connect: {most: 4}`, "5 users have a connection each, and connect.most is 4"},
		{"a search", `users: {count: 5}, search: {probe: 1s, step: 1s, from: 0.5, to: 2, stairs: 5, objective: {latency: 1s, quantile: 0.9, achieved: 0.9}}`, "a search offers rates whatever the answers"},
		{"a replay", `users: {requests: 5}, shape: {kind: replay, file: x}`, "a replay has the times of requests"},
		{"beyond memory", `rate: 10000/s, duration: 1000s, users: {requests: 10}`, "the workload has 100000000 attempts"},
		{"a soft start", `rate: 10/s, requests: 100, softstart: 2s`, ""},
		{"users who come softly", `requests: 100, users: {count: 5}, softstart: 2s`, ""},
		{"nothing but the soft start", `rate: 100/s, requests: 100, softstart: 2s`, "the soft start alone has 100 of the 100 requests"},
		{"nothing but users' soft start", `rate: 10/s, requests: 100, softstart: 2s, users: {requests: 10}`, "the soft start alone has 100 of the 100 requests"},
		{"softly beyond memory", `rate: 20000/s, duration: 100s, softstart: 1h`, "more than the limit"},
		{"a soft search", `softstart: 2s, search: {probe: 1s, step: 1s, from: 0.5, to: 2, stairs: 5, objective: {latency: 1s, quantile: 0.9, achieved: 0.9}}`, "a search has a probe to warm up with"},
		{"a soft replay", `softstart: 2s, shape: {kind: replay, file: x}`, "no rate that a soft start could grow to"},
		{"a long soft start", `rate: 10/s, requests: 10000000, softstart: 2h`, "workload.softstart is 2h0m0s"},
	} {
		src := strings.Replace(short, "rate: 10/s, duration: 5s", tc.workload, 1)
		_, err := Load("users.yaml", []byte(src), testVocabulary)
		switch {
		case tc.want == "" && err != nil:
			t.Errorf("%s: %v", tc.why, err)
		case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: got %v, want %q", tc.why, err, tc.want)
		}
	}
}

func TestUsersDecode(t *testing.T) {
	src := strings.Replace(short, "rate: 10/s, duration: 5s", "duration: 5s, softstart: 2s, users: {count: 7, requests: 3, think: 20ms, thinking: exponential, cookies: true}", 1)
	got := load(t, src)
	want := &Users{Count: 7, Requests: 3, Think: 20 * time.Millisecond, Thinking: ThinkExponential, Cookies: true}
	if diff := cmp.Diff(want, got.Workload.Users); diff != "" || got.Workload.SoftStart != 2*time.Second {
		t.Errorf("soft start %v: %s", got.Workload.SoftStart, diff)
	}
}

func TestCookiesWithoutRoomAreAWarning(t *testing.T) {
	rec := &Record{}
	rec.Driven.CookiesLost = 3
	want := "users had no room for 3 cookies, which they did not send back"
	if got := recordWarnings(rec, Summary{}); !slices.Contains(got, want) {
		t.Errorf("got %q", got)
	}
}
