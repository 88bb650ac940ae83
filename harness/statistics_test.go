package harness

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/stats"
)

func TestTopKeepsTheBusiestAndTheSlowestHosts(t *testing.T) {
	s := &Statistics{}
	for i := range 1000 {
		// The busier a host the faster it is, and those with few attempts are the slowest.
		s.Hosts = append(s.Hosts, StatisticsRow{Name: fmt.Sprintf("h%03d", i), Attempts: uint64(1050 - i), P99: time.Duration(i)})
	}
	var want []string
	for i := range topHosts {
		want = append(want, fmt.Sprintf("h%03d", i))
	}
	for i := 931; i <= 950; i++ { // h950 has 100 attempts, the least that count
		want = append(want, fmt.Sprintf("h%03d", i))
	}
	var got []string
	top := s.Top()
	for _, row := range top.Hosts {
		got = append(got, row.Name)
	}
	if diff := cmp.Diff(want, got); diff != "" || top.MoreHosts != 960 || len(s.Hosts) != 1000 {
		t.Errorf("%d more, %d left: %s", top.MoreHosts, len(s.Hosts), diff)
	}
	if (*Statistics)(nil).Top() != nil {
		t.Error("something came of nothing")
	}
}

func TestEveryAttemptIsInOneClass(t *testing.T) {
	var c Classes
	for _, a := range []Attempt{
		{Outcome: OK}, {Outcome: OK, Cause: CauseStatus}, {Outcome: Failed, Cause: CauseConnect},
		{Outcome: Failed, Cause: CauseShed}, {Cause: CauseTimeout}, {Cause: CauseReset}, {Outcome: Failed, Cause: CausePorts},
	} {
		c.Add(&a)
	}
	twice := c
	twice.Merge(c)
	want := [2]Classes{
		{Scheduled: 7, Shed: 1, Sent: 6, Completed: 2, Refused: 2, Unknown: 2},
		{Scheduled: 14, Shed: 2, Sent: 12, Completed: 4, Refused: 4, Unknown: 4},
	}
	if diff := cmp.Diff(want, [2]Classes{c, twice}); diff != "" {
		t.Error(diff)
	}
}

func TestDistributionComesBackWithItsCurve(t *testing.T) {
	h := stats.NewHistogram()
	for i := range 500 {
		h.Record(time.Duration(i) * time.Microsecond)
	}
	d, err := DistributionOf(h)
	if err != nil || d.Spectrum != nil || d.N != 500 {
		t.Fatalf("%v %+v", err, d.Quantiles)
	}
	q, err := d.Plot()
	if err != nil || len(q.Spectrum) < 10 || q.Max != 499*time.Microsecond {
		t.Errorf("%v %+v", err, q)
	}
	if _, err := (Distribution{Histogram: "nonsense"}).Plot(); err == nil {
		t.Error("nonsense was taken for a histogram")
	}
	if none, err := DistributionOf(stats.NewHistogram()); err != nil || none.Histogram != "" {
		t.Errorf("%v %+v", err, none)
	}
}

func TestSummaryLeavesTheSoftStartOutOfRatesAndTimes(t *testing.T) {
	rec := &Record{Driven: Driven{Length: 3 * time.Second, Offered: 250}}
	rec.Cell.Scenario.Workload = Workload{Rate: 100, SoftStart: time.Second, Duration: 2 * time.Second}
	add := func(at, service time.Duration, cause Cause, outcome Outcome) {
		rec.Attempts = append(rec.Attempts, Attempt{Seq: uint64(len(rec.Attempts)), Intended: at, Sent: at, Done: at + service, Outcome: outcome, Cause: cause})
	}
	for i := range 50 {
		add(time.Duration(i)*20*time.Millisecond, 500*time.Millisecond, "", OK)
	}
	for i := range 200 {
		add(time.Second+time.Duration(i)*10*time.Millisecond, time.Millisecond, "", OK)
	}
	rec.Attempts[249].Cause, rec.Attempts[249].Outcome, rec.Attempts[249].Done = CauseShed, Failed, rec.Attempts[249].Sent
	s := Summarise(rec)
	type figures struct {
		Attempts, Response, Service, Lag uint64
		Max                              time.Duration
		Offered, Achieved                float64
	}
	got := figures{s.Attempts, s.Response.N, s.Service.N, s.Lag.N, s.Response.Max, s.OfferedRPS, s.AchievedRPS}
	want := figures{250, 200, 199, 199, time.Millisecond, 100, 99.5}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestExpectedAttemptsAreThoseOfTheSchedule(t *testing.T) {
	for _, row := range []struct {
		why  string
		w    Workload
		want uint64
	}{
		{"a number", Workload{Rate: 10, Requests: 7}, 7},
		{"a time", Workload{Rate: 10, Duration: 3 * time.Second}, 30},
		{"half of the rate while it grows", Workload{Rate: 10, Duration: 3 * time.Second, SoftStart: 2 * time.Second}, 40},
		{"a ramp", Workload{Rate: 10, Duration: 3 * time.Second, Shape: &Shape{Kind: ShapeRamp, To: 30}}, 60},
		{"users who arrive", Workload{Rate: 10, Duration: 3 * time.Second, Users: &Users{Requests: 5}}, 150},
		{"a closed loop", Workload{Duration: 3 * time.Second, Users: &Users{Count: 5}}, 0},
	} {
		if got := expected(row.w); got != row.want {
			t.Errorf("%s: %d, want %d", row.why, got, row.want)
		}
	}
}
