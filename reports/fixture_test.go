package reports

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

var update = flag.Bool("update", false, "write the fixtures and golden files instead of comparing with them")

const fixtureDir = "../fixtures/results"

// fixtures are results as real runs leave them, made from a fixed seed.
var fixtures = map[string]func() *harness.Result{
	"quota-exact-pass": quotaPass,
	"quota-exact-fail": quotaFail,
	"throughput":       sweep,
	"interrupted":      interruptedRun,
	"faults":           faultsPlayed,
}

func TestFixturesAreWhatTheGeneratorMakes(t *testing.T) {
	for name, build := range fixtures {
		path := filepath.Join(fixtureDir, name+".json")
		if *update {
			if err := create(path, func(w io.Writer) error { return JSON(w, build()) }); err != nil {
				t.Fatal(err)
			}
		}
		got, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(build(), got); diff != "" {
			t.Errorf("%s differs from its generator (-generator +file):\n%s", name, diff)
		}
	}
}

// golden compares with a file of testdata, or writes it with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s differs from the golden file (-want +got):\n%s", name, cmp.Diff(string(want), string(got)))
	}
}

func fixtureEnvironment(command string) harness.Environment {
	return harness.Environment{
		Haproof: "v0.1.0", Go: "go1.26.8", Engine: "docker", OS: "Debian GNU/Linux 12 (bookworm)", Kernel: "6.1.0-41-amd64",
		CPUModel: "Intel(R) Xeon(R) Processor @ 2.60GHz", Cores: 2, MemoryGB: 7.8, Cgroup: "v1", Files: 20000, Command: command,
		Notes: []string{"images were built from Debian packages on this machine"},
		Extra: map[string]string{"docker": "20.10.24", "seed": "7"},
	}
}

func fixtureNodes(proxies, backends int, tracker bool) []harness.Node {
	var nodes []harness.Node
	for i := range proxies {
		nodes = append(nodes, harness.Node{Name: fmt.Sprintf("proxy%d", i+1), Tier: harness.TierProxy, Kind: "haproxy", Version: "2.6.12", Address: fmt.Sprintf("172.18.0.%d", 10+i)})
	}
	for i := range backends {
		nodes = append(nodes, harness.Node{Name: fmt.Sprintf("backend%d", i+1), Tier: harness.TierBackend, Kind: "web", Version: "nginx 1.22.1, PHP 8.2", Address: fmt.Sprintf("172.18.0.%d", 20+i), CPUs: 0.2, Limited: true})
	}
	if tracker {
		nodes = append(nodes, harness.Node{Name: "tracker1", Tier: harness.TierTracker, Kind: "quota-tracker", Version: "v0.1.0", Address: "172.18.0.40"})
	}
	return nodes
}

// quotaScenario asks for exact counts.
func quotaScenario() harness.Scenario {
	return harness.Scenario{
		Name:     "quota-exact",
		Question: "Does the tracker charge every customer exactly as often as PHP answered?",
		Topology: harness.Topology{
			"proxy":   {Kind: "haproxy", Count: 2, Threads: 1},
			"backend": {Kind: "web", Count: 4, CPUs: 0.2},
			"tracker": {Kind: "quota-tracker", Count: 1},
		},
		Workload: harness.Workload{Driver: "vegeta", Profile: "mixed", Rate: 2000, Requests: 100000, Customers: 50, Dynamic: 0.5, TLS: 0.95,
			Timeout: 10 * time.Second, Route: harness.RouteProxy, Seed: 7},
		Trials: 1,
		Checks: []harness.CheckSpec{{Name: "no-errors"}, {Name: "generator-fit"}, {Name: "exactly-once"}, {Name: "quota-exact"}},
	}
}

// copies returns a function that makes fresh copies of what build makes once:
// drawing samples takes most of the time of these tests.
func copies(build func() *harness.Result) func() *harness.Result {
	encoded := sync.OnceValues(func() ([]byte, error) { return json.Marshal(build()) })
	return func() *harness.Result {
		b, err := encoded()
		if err != nil {
			panic(err)
		}
		r, err := decode(b)
		if err != nil {
			panic(err)
		}
		return r
	}
}

var (
	quotaPass      = copies(buildQuotaPass)
	quotaFail      = copies(buildQuotaFail)
	interruptedRun = copies(buildInterrupted)
	sweep          = copies(func() *harness.Result { return throughputRun(3) })
)

func buildQuotaPass() *harness.Result {
	rnd := rand.New(rand.NewPCG(7, 7))
	s := quotaScenario()
	trial := quotaTrial(rnd, 100000)
	total := count(trial.Counts[harness.WitnessClient].Sure)
	r := &harness.Result{
		Schema: harness.ResultSchema, Run: "20261121-101502-quota-exact", Scenario: s, Environment: fixtureEnvironment("haproof run quota-exact --set workload.seed=7 --engine docker"),
		Began: time.Date(2026, 11, 21, 10, 15, 2, 0, time.UTC), Took: 68 * time.Second, Status: harness.Pass,
		Sentence: "Five witnesses agree on all " + total + " dynamic answers of 50 customers.",
		Verdicts: []harness.Verdict{
			{Check: "no-errors", Status: harness.Pass, Sentence: "All 100,000 attempts got the answer that they asked for."},
			{Check: "generator-fit", Status: harness.Pass, Sentence: "The generator sent 100,000 of 100,000 attempts, 99 % of them at most 1.1 ms late."},
			{Check: "exactly-once", Status: harness.Pass, Sentence: "Each of 100,000 attempts reached an origin exactly once."},
			{Check: "quota-exact", Status: harness.Pass, Sentence: "Client, origin, proxy log, stick table and tracker agree on 50 of 50 customers."},
		},
	}
	trial.Verdicts = r.Verdicts
	r.Cells = []harness.CellResult{{Cell: harness.Cell{Name: "only", Scenario: s}, Trials: []harness.TrialResult{trial}}}
	r.Warnings = []string{"The machine has 2 cores for generator and nodes together: response times include waiting for a CPU, so p99 is an upper bound."}
	return r
}

func buildQuotaFail() *harness.Result {
	r := quotaPass()
	r.Run, r.Status = "20261121-113340-quota-exact", harness.Fail
	r.Sentence = "The tracker charged 3 of 50 customers differently than PHP answered: 9 answers off."
	trial := &r.Cells[0].Trials[0]
	finding := []harness.Finding{}
	for _, f := range []struct {
		key string
		gap int64
	}{{"c0007", -5}, {"c0019", -3}, {"c0042", 1}} {
		of := trial.Customers[f.key]
		was := of[harness.WitnessClient].Sure
		of[harness.WitnessTracker] = harness.Tally{Sure: uint64(int64(was) + f.gap)}
		finding = append(finding, harness.Finding{Subject: f.key, Text: fmt.Sprintf("client, origin, proxy log and stick table counted %d, tracker %d (%+d)", was, int64(was)+f.gap, f.gap)})
	}
	trial.Counts[harness.WitnessTracker] = harness.Tally{Sure: trial.Counts[harness.WitnessClient].Sure - 7}
	r.Verdicts = slices.Clone(r.Verdicts)
	r.Verdicts[3] = harness.Verdict{Check: "quota-exact", Status: harness.Fail, Sentence: "3 of 50 customers differ between client and tracker; origin, proxy log and stick table agree with the client.", Findings: finding}
	trial.Verdicts = r.Verdicts
	return r
}

func buildInterrupted() *harness.Result {
	r := quotaPass()
	trial := quotaTrial(rand.New(rand.NewPCG(9, 9)), 31000)
	r.Run, r.Status, r.Interrupted, r.Took = "20261121-120511-quota-exact", harness.Unknown, true, 19*time.Second
	r.Sentence = "Interrupted after 31,000 of 100,000 attempts: no difference was seen, and none is ruled out."
	trial.Interrupted, trial.Error = true, "drive: context canceled"
	trial.Summary.Offered, trial.Summary.Indeterminate, trial.Summary.OK = 100000, 12, 30988
	trial.Summary.Causes = map[harness.Cause]uint64{harness.CauseReset: 12}
	delete(trial.Counts, harness.WitnessTracker)
	for _, of := range trial.Customers {
		delete(of, harness.WitnessTracker)
	}
	trial.Absent = map[string]string{harness.WitnessTracker: "get http://172.18.0.40:8090/v1/counts: connection refused"}
	trial.Settlement = harness.Settlement{Took: 30 * time.Second, Missing: []string{"proxy1: session to tracker1 is not established", "proxy2: session to tracker1 is not established"}}
	trial.Failures = []harness.NodeFailure{{Node: "tracker1", Reason: "exit status 2", Log: []string{"peers: listen: address in use"}}}
	trial.Customers["c0003"][harness.WitnessClient] = harness.Tally{Sure: trial.Customers["c0003"][harness.WitnessClient].Sure - 2, Unsure: 2}
	total := trial.Counts[harness.WitnessClient]
	trial.Counts[harness.WitnessClient] = harness.Tally{Sure: total.Sure - 2, Unsure: 2}
	r.Verdicts = []harness.Verdict{
		{Check: "no-errors", Status: harness.Unknown, Sentence: "12 attempts were cut off by the interrupt."},
		{Check: "generator-fit", Status: harness.Pass, Sentence: "The generator sent 31,000 attempts, 99 % of them at most 1.1 ms late."},
		{Check: "exactly-once", Status: harness.Unknown, Sentence: "12 attempts have no known outcome."},
		{Check: "quota-exact", Status: harness.Unknown, Sentence: "The tracker did not testify.", Findings: []harness.Finding{{Subject: "tracker", Text: "absent: connection refused"}}},
	}
	trial.Verdicts = r.Verdicts
	r.Cells[0].Trials = []harness.TrialResult{trial}
	r.Warnings = append(r.Warnings, "The lab did not settle within 30 s: counts may have been on their way.")
	return r
}

// quotaTrial plays n attempts, half of them dynamic, over 50 customers.
func quotaTrial(rnd *rand.Rand, n int) harness.TrialResult {
	dynamic, customers := uint64(0), map[string]map[string]harness.Tally{}
	for i := range 50 {
		sure := uint64(float64(n) / 100 * (1 + 0.035*rnd.NormFloat64()))
		dynamic += sure
		customers[fmt.Sprintf("c%04d", i)] = testimonies(sure)
	}
	length := time.Duration(n) * time.Second / 2000
	response, service, lag := latencies(rnd, n)
	nodes := fixtureNodes(2, 4, true)
	return harness.TrialResult{
		Trial: 1, Directory: "only/1", Nodes: nodes, Counts: testimonies(dynamic), Customers: customers,
		Summary: harness.Summary{
			Attempts: uint64(n), Offered: uint64(n), OK: uint64(n), Dynamic: dynamic, OverTLS: uint64(n) * 95 / 100, BytesIn: uint64(n) * 6100,
			Statuses: map[int]uint64{200: uint64(n) * 88 / 100, 204: uint64(n) * 4 / 100, 302: uint64(n) * 3 / 100, 404: uint64(n) * 5 / 100},
			Length:   length, OfferedRPS: 2000, AchievedRPS: 1998.7, Response: response, Service: service, Lag: lag, GeneratorCPU: length * 2 / 5,
			Series: moments(rnd, length, 100, func(float64) float64 { return 2000 }),
		},
		Settlement: harness.Settlement{Settled: true, Took: 1430 * time.Millisecond},
		Usage:      usages(nodes, length),
		Host:       harness.HostUsage{Wall: length, Cores: 2, Busy: length * 17 / 10, Pressure: length * 4 / 10},
		Bottleneck: "unknown",
	}
}

// testimonies lets all five witnesses say the same.
func testimonies(sure uint64) map[string]harness.Tally {
	of := map[string]harness.Tally{}
	for _, w := range []string{harness.WitnessClient, harness.WitnessOrigin, harness.WitnessProxyLog, harness.WitnessStickTable, harness.WitnessTracker} {
		of[w] = harness.Tally{Sure: sure}
	}
	return of
}

func usages(nodes []harness.Node, length time.Duration) []harness.Usage {
	var list []harness.Usage
	for i, n := range nodes {
		u := harness.Usage{Node: n.Name, CPU: length / 6}
		if n.Limited {
			u.Periods, u.Throttled = uint64(length/(100*time.Millisecond)), uint64(3+i)
		}
		list = append(list, u)
	}
	return list
}

// latencies draws n log-normal service times and adds a lag to each.
func latencies(rnd *rand.Rand, n int) (response, service, lag harness.Quantiles) {
	a, b, c := make([]time.Duration, n), make([]time.Duration, n), make([]time.Duration, n)
	for i := range n {
		b[i] = time.Duration(1.4e6 * math.Exp(0.62*rnd.NormFloat64()))
		c[i] = time.Duration(9e4 * math.Exp(1.05*rnd.NormFloat64()))
		if rnd.IntN(700) == 0 {
			c[i] += time.Duration(rnd.IntN(9_000_000))
		}
		a[i] = b[i] + c[i]
	}
	return quantiles(a), quantiles(b), quantiles(c)
}

func quantiles(list []time.Duration) harness.Quantiles {
	slices.Sort(list)
	at := func(q float64) time.Duration {
		return list[min(len(list)-1, int(q*float64(len(list))))].Round(time.Microsecond)
	}
	q := harness.Quantiles{N: uint64(len(list)), Min: at(0), P50: at(0.5), P90: at(0.9), P99: at(0.99), P999: at(0.999), Max: list[len(list)-1]}
	sum := time.Duration(0)
	for _, d := range list {
		sum += d
	}
	q.Mean = sum / time.Duration(len(list))
	for x := 0.0; x < math.Log10(float64(len(list))); x += 0.1 {
		quantile := 1 - math.Pow(10, -x)
		q.Spectrum = append(q.Spectrum, harness.SpectrumPoint{Quantile: quantile, Value: at(quantile)})
	}
	return q
}

// moments are n slices of time at a rate that may change.
func moments(rnd *rand.Rand, length time.Duration, n int, rate func(share float64) float64) []harness.Moment {
	var list []harness.Moment
	slice := length / time.Duration(n)
	for i := range n {
		x := rate(float64(i) / float64(n))
		load := math.Exp(x / 2600)
		list = append(list, harness.Moment{
			At: time.Duration(i) * slice, Length: slice, Done: uint64(x * slice.Seconds() * (1 + 0.012*rnd.NormFloat64())),
			P50: time.Duration(6.5e5 * load * (1 + 0.04*rnd.NormFloat64())), P99: time.Duration(2.9e6 * load * math.Exp(0.12*rnd.NormFloat64())),
		})
	}
	return list
}

// throughputRun sweeps four counts of backends over two routes.
func throughputRun(repeats int) *harness.Result {
	rnd := rand.New(rand.NewPCG(11, 11))
	s := harness.Scenario{
		Name:     "throughput-by-backends",
		Question: "How does the rate that HAProxy sustains grow with the number of PHP backends, and what does HAProxy cost?",
		Topology: harness.Topology{"proxy": {Kind: "haproxy", Count: 1, Threads: 1}, "backend": {Kind: "web", Count: 1, CPUs: 0.12}},
		Workload: harness.Workload{Driver: "vegeta", Profile: "dynamic", Customers: 50, Dynamic: 1, TLS: 0, Timeout: 10 * time.Second, Seed: 7,
			Search: &harness.Search{Objective: harness.Objective{Quantile: 0.99, Latency: 50 * time.Millisecond, Achieved: 0.98}, Probe: 3 * time.Second, Step: 4 * time.Second, From: 0.5, To: 1.1, Stairs: 8}},
		Axes:   []harness.Axis{{Path: "topology.backend.count", Values: []string{"1", "2", "4", "8"}}, {Path: "workload.route", Values: []string{"proxy", "direct"}}},
		Trials: repeats,
		Checks: []harness.CheckSpec{{Name: "generator-fit"}, {Name: "scales"}},
	}
	r := &harness.Result{
		Schema: harness.ResultSchema, Run: "20261121-104419-throughput-by-backends", Scenario: s, Environment: fixtureEnvironment("haproof run throughput-by-backends --set workload.seed=7 --engine docker"),
		Began: time.Date(2026, 11, 21, 10, 44, 19, 0, time.UTC), Took: 16*time.Minute + 12*time.Second, Status: harness.Pass,
		Sentence: "HAProxy scales with its backends: 7.1 times the rate with 8 instead of 1, at 94 % of direct throughput.",
		Verdicts: []harness.Verdict{
			{Check: "generator-fit", Status: harness.Unknown, Sentence: "The generator was late in 2 of 24 trials.", Findings: []harness.Finding{{Subject: "topology.backend.count=8,workload.route=direct", Text: "lag p99 12 ms in trial 2"}}},
			{Check: "scales", Status: harness.Pass, Sentence: "Each doubling of the backends raised the rate by at least 78 %."},
		},
		Warnings: []string{
			"Generator and nodes share 2 cores: rates at 8 backends are a lower bound.",
			"The CPU limit of 0.12 held every backend back on purpose; the rates say how the topology scales, not how fast a real backend is.",
		},
	}
	r.Status = harness.Pass
	r.Verdicts[0].Status = harness.Pass
	r.Verdicts[0].Sentence = "The generator kept its schedule in 24 of 24 trials: lag p99 at most 2.4 ms."
	r.Verdicts[0].Findings = nil
	names := map[harness.Route]string{harness.RouteProxy: harness.ProxyCurve, harness.RouteDirect: harness.DirectCurve}
	rates := map[harness.Route][]float64{harness.RouteProxy: {1031, 2048, 3987, 7320}, harness.RouteDirect: {1102, 2171, 4254, 7790}}
	for _, route := range []harness.Route{harness.RouteProxy, harness.RouteDirect} {
		curve := harness.Curve{Name: names[route], XLabel: "backends", YLabel: "sustained requests/s"}
		for i, backends := range []int{1, 2, 4, 8} {
			cell, point := throughputCell(rnd, s, route, backends, rates[route][i], repeats)
			r.Cells, curve.Points = append(r.Cells, cell), append(curve.Points, point)
		}
		r.Curves = append(r.Curves, curve)
	}
	return r
}

func throughputCell(rnd *rand.Rand, s harness.Scenario, route harness.Route, backends int, rate float64, repeats int) (harness.CellResult, harness.CurvePoint) {
	s.Workload.Route = route
	s.Topology = harness.Topology{"proxy": s.Topology["proxy"], "backend": {Kind: "web", Count: backends, CPUs: 0.12}}
	value := fmt.Sprint(backends)
	cell := harness.CellResult{Cell: harness.Cell{
		Name:     "backend.count=" + value + ",route=" + string(route),
		Settings: []harness.Setting{{Path: "topology.backend.count", Value: value}, {Path: "workload.route", Value: string(route)}}, Scenario: s,
	}}
	bottleneck := "backend"
	if backends == 8 {
		bottleneck = map[harness.Route]string{harness.RouteProxy: "proxy", harness.RouteDirect: "host"}[route]
	}
	for i := range repeats {
		cell.Trials = append(cell.Trials, searchTrial(rnd, i+1, backends, rate*(1+0.02*rnd.NormFloat64()), bottleneck))
	}
	return cell, harness.CurvePoint{X: float64(backends), Median: rate, Low: math.Round(rate * 0.955), High: math.Round(rate * 1.04), N: repeats, Bottleneck: bottleneck}
}

func searchTrial(rnd *rand.Rand, n, backends int, rate float64, bottleneck string) harness.TrialResult {
	length, sustained := 32*time.Second, &harness.Sustained{Why: "p99 was 81 ms, more than 50 ms"}
	for i := range 8 {
		offered := math.Round(rate * 0.55 * math.Pow(2, float64(i)/7))
		met := offered <= rate
		stair := harness.Stair{OfferedRPS: offered, AchievedRPS: min(offered, rate*1.02), Quantile: time.Duration(9+4*i) * time.Millisecond, Met: met}
		if met {
			sustained.MetRPS = offered
		} else if sustained.ViolatedRPS == 0 {
			sustained.ViolatedRPS, stair.Quantile = offered, 81*time.Millisecond
		}
		sustained.Stairs = append(sustained.Stairs, stair)
	}
	response, service, lag := latencies(rnd, 8000)
	response.Spectrum, service.Spectrum, lag.Spectrum = nil, nil, nil
	nodes, attempts := fixtureNodes(1, backends, false), uint64(rate*25)
	return harness.TrialResult{
		Trial: n, Directory: fmt.Sprintf("backend.count=%d/%d", backends, n), Nodes: nodes,
		Counts: map[string]harness.Tally{harness.WitnessClient: {Sure: attempts}}, Customers: map[string]map[string]harness.Tally{},
		Summary: harness.Summary{
			Attempts: attempts, Offered: attempts, OK: attempts, Dynamic: attempts, BytesIn: attempts * 512, Statuses: map[int]uint64{200: attempts},
			Length: length, OfferedRPS: float64(attempts) / 32, AchievedRPS: float64(attempts) / 32, Response: response, Service: service, Lag: lag,
			GeneratorCPU: length / 3, Sustained: sustained,
			Series: moments(rnd, length, 64, func(x float64) float64 { return rate * 0.55 * math.Pow(2, math.Floor(x*8)/7) }),
		},
		Settlement: harness.Settlement{Settled: true}, Usage: usages(nodes, length), Host: harness.HostUsage{Wall: length, Cores: 2, Busy: length * 16 / 10},
		Bottleneck: bottleneck,
		Verdicts:   []harness.Verdict{{Check: "generator-fit", Status: harness.Pass, Sentence: "Lag p99 was at most 2.4 ms."}},
	}
}
