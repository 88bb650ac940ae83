package reports

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/stats"
)

func init() { fixtures["drive"] = urlsDriven }

var urlsDriven = copies(buildDriven)

// buildDriven is what drive leaves: no topology, and the driver's own statistics.
func buildDriven() *harness.Result {
	rnd := rand.New(rand.NewPCG(5, 5))
	s := harness.Scenario{
		Name: "drive", Question: "How are requests answered at 1000/s?", Trials: 1,
		Workload: harness.Workload{Driver: "wire", Rate: 1000, Duration: 4 * time.Second, SoftStart: time.Second, Timeout: time.Second, Seed: 1,
			Users: &harness.Users{Requests: 5, Think: 100 * time.Millisecond, Cookies: true}, Connect: &harness.Connect{Most: 100, TLS: "1.3"}},
		Checks: []harness.CheckSpec{{Name: "slo", Options: map[string]string{"p99": "<20ms"}}},
	}
	trial := harness.TrialResult{
		Trial: 1, Directory: "only/1", Settlement: harness.Settlement{Settled: true}, Bottleneck: "unknown",
		Nodes:      []harness.Node{{Name: "192.0.2.7:80", Tier: "target", Kind: "url", Address: "192.0.2.7:80"}},
		Host:       harness.HostUsage{Wall: 5 * time.Second, Cores: 2, Busy: 2 * time.Second},
		Verdicts:   []harness.Verdict{{Check: "slo", Status: harness.Pass, Sentence: "met over 22,500 attempts"}},
		Statistics: drivenStatistics(rnd),
	}
	sum := &trial.Summary
	sum.Response, sum.Service, sum.Lag = latencies(rnd, 20000)
	sum.Attempts, sum.Offered, sum.OK, sum.Failed, sum.Indeterminate = 22500, 22500, 22440, 50, 10
	sum.BytesIn, sum.Length, sum.OfferedRPS, sum.AchievedRPS, sum.GeneratorCPU = 4_488_000, 5*time.Second, 5000, 4985, time.Second
	sum.Causes, sum.Statuses = trial.Statistics.Causes, trial.Statistics.Statuses
	return &harness.Result{
		Schema: harness.ResultSchema, Run: "20261121-130105-drive", Scenario: s, Environment: fixtureEnvironment("haproof drive --rate 1000/s http://192.0.2.7/"),
		Began: time.Date(2026, 11, 21, 13, 1, 5, 0, time.UTC), Took: 6 * time.Second, Status: harness.Pass,
		Sentence: "slo: met over 22,500 attempts.", Verdicts: trial.Verdicts,
		Cells: []harness.CellResult{{Cell: harness.Cell{Name: "only", Scenario: s}, Trials: []harness.TrialResult{trial}}},
	}
}

// drivenStatistics are of 22,500 attempts over two routes to 1,040 hosts.
func drivenStatistics(rnd *rand.Rand) *harness.Statistics {
	s := &harness.Statistics{
		Classes: harness.Classes{Scheduled: 22500, Shed: 20, Sent: 22480, Completed: 22440, Refused: 30, Unknown: 10},
		Causes:  map[harness.Cause]uint64{harness.CauseShed: 20, harness.CauseConnect: 30, harness.CauseTimeout: 10, harness.CauseStatus: 140},
		Bytes:   4_488_000, Soft: 2500, Statuses: map[int]uint64{200: 22300, 503: 140},
		Routes: []harness.StatisticsRow{
			{Name: "shop", Attempts: 20000, Errors: 180, Bytes: 4_000_000, P50: 2 * time.Millisecond, P99: 9 * time.Millisecond, Max: 30 * time.Millisecond},
			{Name: "checkout", Attempts: 2500, Errors: 20, Denied: 5, Bytes: 488_000, P50: 4 * time.Millisecond, P99: 19 * time.Millisecond, Max: 35 * time.Millisecond},
		},
		OtherHosts: &harness.StatisticsRow{Name: harness.OtherRows, Attempts: 880, Bytes: 176_000, P50: 2 * time.Millisecond, P99: 9 * time.Millisecond, Max: 20 * time.Millisecond},
	}
	for i, to := range []*harness.Distribution{&s.Response, &s.Service, &s.Lag, &s.Queued, &s.FirstByte, &s.Connect, &s.Handshake} {
		h := stats.NewHistogram()
		for range 1000 {
			h.Record(time.Duration(rnd.ExpFloat64() * float64(i+1) * 1e5))
		}
		*to, _ = harness.DistributionOf(h)
	}
	for i := range harness.MaxHostRows {
		s.Hosts = append(s.Hosts, harness.StatisticsRow{
			Name: fmt.Sprintf("h%04d.test", i), Attempts: uint64(1100 - i), Bytes: uint64(200 * (1100 - i)),
			P50: 2 * time.Millisecond, P99: time.Duration(5000+7*(i%200)) * time.Microsecond, Max: 25 * time.Millisecond,
		})
	}
	return s.Top()
}

func TestHostTablesAreShortAndSayWhatTheyLeaveOut(t *testing.T) {
	r := urlsDriven()
	type sight struct {
		Title         string
		Rows, Omitted int
		First, Last   string
	}
	var got []sight
	for _, tab := range hostTables(r.Cells[0].Trials[0].Statistics) {
		last := tab.Rows[len(tab.Rows)-1].Cells[0]
		got = append(got, sight{tab.Title, len(tab.Rows), tab.Omitted, tab.Rows[0].Cells[0], last})
	}
	want := []sight{
		{"The busiest hosts", 11, 990, "h0000.test", harness.OtherRows},
		{"The slowest hosts", 10, 0, "h0199.test", "h0998.test"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestResultsWithoutStatisticsHaveNoneOfTheirTables(t *testing.T) {
	got := string(render(t, Text, quotaPass()))
	for _, title := range []string{"Where the attempts went", "Routes", "Hosts", "How the attempts ended"} {
		if strings.Contains(got, title) {
			t.Errorf("the text has %q", title)
		}
	}
}
