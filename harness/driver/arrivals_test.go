package driver

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

// shapes are workloads of about 20,000 attempts each.
func shapes() map[string]harness.Workload {
	return map[string]harness.Workload{
		"constant": {Rate: 2000, Duration: 10 * time.Second},
		"ramp":     {Rate: 100, Duration: 10 * time.Second, Shape: &harness.Shape{Kind: harness.ShapeRamp, To: 3900}},
		"steps":    {Rate: 1000, Duration: 10 * time.Second, Shape: &harness.Shape{Kind: harness.ShapeSteps, Rates: []harness.Rate{4000, 500, 2500}}},
		"sine":     {Rate: 100, Duration: 10 * time.Second, Shape: &harness.Shape{Kind: harness.ShapeSine, To: 3900, Period: 5 * time.Second}},
	}
}

func eachSchedule(t *testing.T, test func(t *testing.T, w harness.Workload, plan schedule)) {
	for shape, w := range shapes() {
		for _, arrivals := range []string{harness.ArrivalsRegular, harness.ArrivalsPoisson, harness.ArrivalsWindows} {
			t.Run(shape+" "+arrivals, func(t *testing.T) {
				w.Arrivals, w.Window, w.Seed = arrivals, 500*time.Millisecond, 7
				plan, err := newSchedule(w)
				if err != nil {
					t.Fatal(err)
				}
				test(t, w, plan)
			})
		}
	}
}

func TestScheduleIsAPureFunctionInOrder(t *testing.T) {
	eachSchedule(t, func(t *testing.T, w harness.Workload, plan schedule) {
		again, err := newSchedule(w)
		if err != nil {
			t.Fatal(err)
		}
		var last time.Duration
		for k := range plan.total() {
			due := plan.due(k)
			if due < last || due >= w.Duration {
				t.Fatalf("attempt %d of %d is due at %v, the one before at %v", k, plan.total(), due, last)
			}
			last = due
		}
		for k := plan.total(); k > 0; k -= min(k, 997) { // asked in another order
			if a, b := plan.due(k-1), again.due(k-1); a != b {
				t.Fatalf("attempt %d is due at %v and %v", k-1, a, b)
			}
		}
	})
}

func TestScheduleFollowsItsCurve(t *testing.T) {
	eachSchedule(t, func(t *testing.T, w harness.Workload, plan schedule) {
		c, err := newCurve(w)
		if err != nil {
			t.Fatal(err)
		}
		for at := 500 * time.Millisecond; at <= w.Duration; at += 500 * time.Millisecond {
			got, want := float64(wanted(plan, at-1)), c.by(at.Seconds())
			room := 1.5 // of rounding
			if w.Arrivals == harness.ArrivalsPoisson {
				room = 4.5 * math.Sqrt(want)
			}
			if math.Abs(got-want) > room {
				t.Errorf("%v attempts before %v, want about %v", got, at, want)
			}
		}
	})
}

// gapsOf returns mean and standard deviation of the gaps, in units of the mean.
func gapsOf(plan schedule) (mean, deviation float64) {
	var sum, squares float64
	for k := uint64(1); k < plan.total(); k++ {
		gap := (plan.due(k) - plan.due(k-1)).Seconds()
		sum += gap
		squares += gap * gap
	}
	n := float64(plan.total() - 1)
	mean = sum / n
	return mean, math.Sqrt(squares/n-mean*mean) / mean
}

func TestIndependentArrivalsHaveExponentialGaps(t *testing.T) {
	for arrivals, want := range map[string]float64{harness.ArrivalsRegular: 0, harness.ArrivalsPoisson: 1, harness.ArrivalsWindows: 1} {
		w := harness.Workload{Rate: 1000, Requests: 100_000, Arrivals: arrivals, Window: time.Second, Seed: 3}
		plan, err := newSchedule(w)
		if err != nil {
			t.Fatal(err)
		}
		mean, deviation := gapsOf(plan)
		if plan.total() != w.Requests || math.Abs(mean-1e-3) > 1.5e-5 || math.Abs(deviation-want) > 0.02 {
			t.Errorf("%s: %d attempts, gaps of %v s, deviation %v; want 100000, about 1 ms and %v", arrivals, plan.total(), mean, deviation, want)
		}
	}
}

func TestSeedsChangeIndependentArrivals(t *testing.T) {
	due := func(seed uint64) time.Duration {
		plan, err := newSchedule(harness.Workload{Rate: 10, Requests: 100, Arrivals: harness.ArrivalsPoisson, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		return plan.due(99)
	}
	if due(1) == due(2) {
		t.Error("two seeds give the same times")
	}
}

func TestReplayKeepsTheGapsOfTheLog(t *testing.T) {
	const log = `Nov 21 12:00:01 lb haproxy[7]: 10.0.0.1:33317 [21/Nov/2026:12:00:00.250] web app/s1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "GET / HTTP/1.1"
[21/Nov/2026:11:59:59.900] began first, ended last
Server app/s1 is DOWN [not a time]
[21/Nov/2026:12:00:01.900] web
`
	for speed, want := range map[float64][]time.Duration{
		0: {0, 350 * time.Millisecond, 2 * time.Second},
		2: {0, 175 * time.Millisecond, time.Second},
	} {
		got, err := logDues(strings.NewReader(log), speed)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("speed %v: %v (-want +got):\n%s", speed, err, diff)
		}
	}
	if _, err := logDues(strings.NewReader("nothing here\n"), 1); !errors.Is(err, errNoTimes) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkDue(b *testing.B) {
	for shape, w := range shapes() {
		for _, arrivals := range []string{harness.ArrivalsRegular, harness.ArrivalsPoisson, harness.ArrivalsWindows} {
			w.Arrivals, w.Window = arrivals, time.Second
			plan, err := newSchedule(w)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(shape+"-"+arrivals, func(b *testing.B) {
				b.ReportAllocs()
				for i := range b.N {
					plan.due(uint64(i) % plan.total())
				}
			})
		}
	}
}

func TestDriversKeepToEverySchedule(t *testing.T) {
	log := filepath.Join(t.TempDir(), "haproxy.log")
	if err := os.WriteFile(log, []byte("[21/Nov/2026:12:00:00.100]\n[21/Nov/2026:12:00:00.300]\n[21/Nov/2026:12:00:00.100]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	rise := &harness.Shape{Kind: harness.ShapeRamp, To: 900}
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		for _, w := range []harness.Workload{
			{Rate: 100, Duration: 500 * time.Millisecond, Shape: rise, Arrivals: harness.ArrivalsPoisson},
			{Rate: 500, Duration: 500 * time.Millisecond, Arrivals: harness.ArrivalsWindows, Window: 100 * time.Millisecond},
			{Shape: &harness.Shape{Kind: harness.ShapeReplay, File: log}},
		} {
			w.Profile, w.Hosts, w.Timeout, w.Seed = "ads", 3, 30*time.Second, 11
			plan, err := newSchedule(w)
			if err != nil {
				t.Fatal(err)
			}
			_, endpoint := newOrigin(t)
			attempts, driven, err := played(t.Context(), t, d, w, endpoint)
			if err != nil || driven.Offered != plan.total() || uint64(len(attempts)) != plan.total() {
				t.Fatalf("%d attempts, offered %d, %v; want %d", len(attempts), driven.Offered, err, plan.total())
			}
			for _, a := range attempts {
				if a.Intended != plan.due(a.Seq) || a.Sent < a.Intended {
					t.Fatalf("attempt %+v, due at %v", a, plan.due(a.Seq))
				}
			}
		}
	})
}
