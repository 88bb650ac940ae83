package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/driver"
)

// workloadOf returns what flags make of a drive, or why they do not.
func workloadOf(t *testing.T, args ...string) (harness.Workload, error) {
	t.Helper()
	var o driveOptions
	cmd := (&app{}).driveCommand(&o)
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	sc, err := o.scenario(nil)
	return sc.Workload, err
}

func TestDriveFlagsMakeTheWorkloadThatTheySay(t *testing.T) {
	half := harness.Share(0.5)
	base := harness.Workload{Driver: harness.DefaultDriver(driver.Names()), Timeout: 10 * time.Second, Duration: 10 * time.Second, Arrivals: harness.ArrivalsRegular, Seed: 1}
	for _, row := range []struct {
		why  string
		args []string
		want func(*harness.Workload)
	}{
		{"a closed loop", []string{"--users", "50", "--think", "2ms", "--thinking", "exponential", "--session", "9", "--cookies"}, func(w *harness.Workload) {
			w.Users = &harness.Users{Count: 50, Requests: 9, Think: 2 * time.Millisecond, Thinking: "exponential", Cookies: true}
		}},
		{"users who arrive", []string{"--rate", "7/s", "--session", "3"}, func(w *harness.Workload) {
			w.Rate, w.Users = 7, &harness.Users{Requests: 3}
		}},
		{"connections", []string{"--rate", "7/s", "--most-connections", "5", "--reuse", "oldest", "--requests-per-connection", "4", "--resume", "50%", "--tls-version", "1.2"},
			func(w *harness.Workload) {
				w.Rate, w.Connect = 7, &harness.Connect{Most: 5, Reuse: "oldest", Requests: 4, Resume: &half, TLS: "1.2"}
			}},
		{"a ramp after a soft start", []string{"--rate", "7/s", "--shape", "ramp:50/s", "--soft-start", "2s"}, func(w *harness.Workload) {
			w.Rate, w.SoftStart, w.Shape = 7, 2*time.Second, &harness.Shape{Kind: "ramp", To: 50}
		}},
		{"steps", []string{"--rate", "7/s", "--shape", "steps:8/s,9/s"}, func(w *harness.Workload) {
			w.Rate, w.Shape = 7, &harness.Shape{Kind: "steps", Rates: []harness.Rate{8, 9}}
		}},
		{"a sine", []string{"--rate", "7/s", "--shape", "sine:9/s,3s", "--arrivals", "poisson"}, func(w *harness.Workload) {
			w.Rate, w.Arrivals, w.Shape = 7, "poisson", &harness.Shape{Kind: "sine", To: 9, Period: 3 * time.Second}
		}},
		{"more than can be kept", []string{"--rate", "50000/s", "--duration", "1h", "--totals"}, func(w *harness.Workload) {
			w.Rate, w.Duration = 50_000, time.Hour
		}},
		{"many of few who arrive by chance", []string{"--rate", "1000/s", "--duration", "1h", "--arrivals", "poisson", "--session", "100", "--totals"}, func(w *harness.Workload) {
			w.Rate, w.Duration, w.Arrivals, w.Users = 1000, time.Hour, "poisson", &harness.Users{Requests: 100}
		}},
		{"HTTP/2", []string{"--rate", "7/s", "--http2", "--driver", "vegeta"}, func(w *harness.Workload) {
			w.Rate, w.Driver, w.Protocol = 7, "vegeta", harness.ProtocolHTTP2
		}},
	} {
		want := base
		row.want(&want)
		got, err := workloadOf(t, row.args...)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", row.why, err, diff)
		}
	}
}

func TestDriveRefusesFlagsThatContradictEachOther(t *testing.T) {
	for reason, args := range map[string][]string{
		"closed loop":             {"--users", "5", "--rate", "5/s"},
		"not below 0":             {"--users", "-1"},
		"are of users":            {"--rate", "5/s", "--think", "5ms"},
		"fixed and exponential":   {"--users", "5", "--thinking", "deep"},
		"no whole number":         {"--rate", "5/s", "--session", "3", "--requests", "10"},
		"HTTP/1.1 only":           {"--rate", "5/s", "--http2", "--driver", "wire"},
		"is in clear":             {"--rate", "5/s", "--http2"},
		"are for HTTP/1.1":        {"--rate", "5/s", "--http2", "--most-connections", "5"},
		"no share":                {"--rate", "5/s", "--resume", "120%"},
		"1.2 and 1.3":             {"--rate", "5/s", "--tls-version", "1.1"},
		"recent and oldest":       {"--rate", "5/s", "--reuse", "newest"},
		"is none such as ramp":    {"--rate", "5/s", "--shape", "square:5/s"},
		"no rate such as":         {"--rate", "5/s", "--shape", "steps:5/s,fast"},
		"too short":               {"--rate", "5/s", "--shape", "sine:5/s,0s"},
		"needs a --duration":      {"--rate", "5/s", "--shape", "ramp:50/s", "--requests", "5"},
		"soft-start are not":      {"--rate", "5/s", "--soft-start", "-1s"},
		"is there twice":          {"--rate", "5/s", "--slo", "lag<1s, lag-p99<2s"},
		"at most 65536":           {"--users", "70000"},
		"of its own":              {"--users", "5", "--most-connections", "2"},
		"add --think":             {"--users", "5", "--thinking", "exponential"},
		"60000 ports":             {"--rate", "5/s", "--most-connections", "70000"},
		"keep one of them":        {"--rate", "5/s", "--reuse", "oldest", "--requests-per-connection", "1"},
		"which no URL uses":       {"--rate", "5/s", "--resume", "50%"},
		"at most 1h0m0s":          {"--rate", "5/s", "--soft-start", "2h"},
		"it is a directory":       {"--rate", "5/s", "--hgrm", "/"},
		"there is no certificate": {"--rate", "5/s", "--ca", "/dev/null"},
		"alone has all of":        {"--rate", "10/s", "--soft-start", "5s", "--requests", "25"},
		"is always empty":         {"--rate", "5/s", "--template", "-H", "X-Was: {cookie:a}"},
		"is no header field":      {"--rate", "5/s", "-H", "a b: c"},
		"is no method such as":    {"--rate", "5/s", "-X", "GE T"},
		"nothing is below 0%":     {"--rate", "5/s", "--slo", "errors<0%"},
		"is no directory":         {"--rate", "5/s", "--histogram", "/nowhere/at/all.hlog"},
		"more than the limit of ": {"--rate", "1000/s", "--session", "10000"},
		"can draw":                {"--rate", "5000/s", "--duration", "2h", "--arrivals", "poisson", "--totals"},
		"longer than 8784h":       {"--rate", "50/s", "--requests", "1000000000000", "--totals"},
		"keeps none":              {"--rate", "5/s", "--totals", "--results", "x.json"},
	} {
		refused(t, haproof(t, append([]string{"drive", "--out", t.TempDir(), "http://127.0.0.1:1/"}, args...)...), reason)
	}
}
