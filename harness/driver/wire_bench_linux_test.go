//go:build amd64 || arm64

package driver

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/runtimeapi"
	"github.com/haproof/haproof/harness/stats"
)

// BenchmarkEngines compares the wire engine with wrk and vegeta against a real
// HAProxy. HAProxy has the first core and each client in turn the second. The
// count is the server's own, the CPU time the kernel's account of the client's
// process, its start included. It takes minutes and both cores, so it is asked
// for by name:
//
//	HAPROOF_BENCH=11 go test -run '^$' -bench Engines -benchtime 1x ./harness/driver
//
// where 11 is the number of blocks, at least 7.
func BenchmarkEngines(b *testing.B) {
	blocks, _ := strconv.Atoi(os.Getenv("HAPROOF_BENCH"))
	if blocks < 7 {
		b.Skip("HAPROOF_BENCH does not say how many blocks, at least 7")
	}
	server := benchHAProxy(b)
	for b.Loop() {
		closedLoopBench(b, server, blocks)
		for _, rateRPS := range []int{1_000, 10_000} {
			for _, name := range []string{"wire", "vegeta"} {
				openLoopBench(b, name, rateRPS)
			}
		}
	}
}

const (
	benchAddress     = "127.82.0.1:8080"
	benchConnections = 50
	benchLength      = 2 * time.Second
	benchChild       = "HAPROOF_BENCH_CHILD"
)

// benchClients are the contestants, each as a command that lasts for benchLength.
var benchClients = []struct {
	name string
	args []string
}{
	{"wire", nil},
	{"wrk", []string{"wrk", "-t1", "-c" + strconv.Itoa(benchConnections), "-d" + benchLength.String(), "http://" + benchAddress + "/pixel.gif"}},
	{"vegeta-driver", nil},
	{"plain-vegeta", nil},
}

// closedLoopBench plays interleaved blocks, each in another order, and reports
// the CPU time per request of each client and its ratio to wrk's.
func closedLoopBench(b *testing.B, server *runtimeapi.Client, blocks int) {
	cost := make([][]float64, len(benchClients)) // in µs, by client and block
	rate := make([][]float64, len(benchClients))
	for block := range blocks {
		for turn := range benchClients {
			i := (block + turn) % len(benchClients)
			c := benchClients[i]
			before := served(b, server)
			cpu := pinned(b, c.name, c.args)
			n := served(b, server) - before
			cost[i] = append(cost[i], cpu.Seconds()*1e6/n)
			rate[i] = append(rate[i], n/benchLength.Seconds())
		}
	}
	const wrk = 1
	for i, c := range benchClients {
		var ratios []float64
		for block := range blocks {
			ratios = append(ratios, cost[i][block]/cost[wrk][block])
		}
		mean, in := geometricMean(ratios)
		fmt.Printf("%-14s %6.2f µs of CPU per request median, %6.2f least; %6.0f requests/s median; %.3f of wrk's, 95 %% interval %.3f to %.3f, %d blocks\n",
			c.name, stats.Median(cost[i]), slices.Min(cost[i]), stats.Median(rate[i]), mean, in.Low, in.High, blocks)
		b.ReportMetric(stats.Median(cost[i]), c.name+"-cpu-µs/request")
	}
}

// geometricMean returns it with its 95 % interval, by Student's t of the
// logarithms.
func geometricMean(values []float64) (float64, stats.Interval) {
	// Two-sided 95 % quantiles for 6 to 15 degrees of freedom; beyond, the last one
	// is a little too wide.
	student := []float64{2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131}
	n := float64(len(values))
	var sum, squares float64
	for _, v := range values {
		sum += math.Log(v)
	}
	for _, v := range values {
		squares += (math.Log(v) - sum/n) * (math.Log(v) - sum/n)
	}
	half := student[min(len(values)-7, len(student)-1)] * math.Sqrt(squares/(n-1)/n)
	return math.Exp(sum / n), stats.Interval{Low: math.Exp(sum/n - half), High: math.Exp(sum/n + half)}
}

// openLoopBench prints what a child says of its lag, three times.
func openLoopBench(b *testing.B, name string, rateRPS int) {
	for range 3 {
		out := childOf(b, fmt.Sprintf("open %s %d", name, rateRPS))
		said, err := out.Output()
		if err != nil {
			b.Fatalf("%s at %d/s: %v", name, rateRPS, err)
		}
		fmt.Println("open loop:", strings.TrimSpace(lineWith(string(said), "attempts")))
	}
}

func lineWith(text, word string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			return line
		}
	}
	return "nothing was said"
}

// pinned runs a client on the second core and returns the CPU time it took.
func pinned(b *testing.B, name string, args []string) time.Duration {
	b.Helper()
	var c *exec.Cmd
	if args == nil {
		c = childOf(b, "closed "+name)
	} else {
		c = exec.CommandContext(b.Context(), "taskset", append([]string{"-c", "1"}, args...)...)
	}
	if out, err := c.CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", name, err, out)
	}
	return c.ProcessState.UserTime() + c.ProcessState.SystemTime()
}

// childOf is this test's program once more, on the second core, as one client.
func childOf(b *testing.B, role string) *exec.Cmd {
	c := exec.CommandContext(b.Context(), "taskset", "-c", "1", os.Args[0], "-test.run", "^TestBenchChild$")
	c.Env = append(os.Environ(), benchChild+"="+role)
	return c
}

func served(b *testing.B, server *runtimeapi.Client) float64 {
	b.Helper()
	rows, err := server.ShowStat(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for _, row := range rows {
		if row["pxname"] == "front" && row["svname"] == "FRONTEND" {
			n, err := strconv.ParseFloat(row["req_tot"], 64)
			if err != nil {
				b.Fatal(err)
			}
			return n
		}
	}
	b.Fatal("no frontend in show stat")
	return 0
}

// benchHAProxy runs HAProxy on the first core until the benchmark ends.
func benchHAProxy(b *testing.B) *runtimeapi.Client {
	b.Helper()
	dir := b.TempDir()
	socket := filepath.Join(dir, "api")
	config := fmt.Sprintf(`global
    nbthread 1
    stats socket %s level admin
defaults
    mode http
    timeout client 30s
    timeout server 30s
    timeout connect 5s
frontend front
    bind %s
    http-request return status 200
`, socket, benchAddress)
	file := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, "taskset", "-c", "0", "haproxy", "-db", "-f", file)
	if err := c.Start(); err != nil {
		stop()
		b.Skip("no HAProxy: ", err)
	}
	b.Cleanup(func() { stop(); _ = c.Wait() })
	api := runtimeapi.New(socket)
	await(b, "HAProxy answers", func() bool { _, err := api.ShowInfo(b.Context()); return err == nil })
	return api
}

// TestBenchChild is one client of BenchmarkEngines, in a process of its own.
func TestBenchChild(t *testing.T) {
	role := strings.Fields(os.Getenv(benchChild))
	if len(role) == 0 {
		t.Skip("not started by BenchmarkEngines")
	}
	if role[0] == "open" {
		openChild(t, role[1], role[2])
		return
	}
	switch role[1] {
	case "plain-vegeta":
		plainAttack(t, benchAddress, benchConnections, closedLoop{ctx: t.Context(), began: time.Now(), length: benchLength})
	case "vegeta-driver":
		closedChild(t, vegetaAttack)
	case "wire":
		g := &wireEngine{}
		defer func() { _ = g.close() }()
		closedChild(t, g.attack)
	}
}

// closedChild attacks in a closed loop with the profile ads.
func closedChild(t *testing.T, attack attackFunc) {
	w := harness.Workload{Profile: "ads", Hosts: 100}
	c, err := newClient(w, []harness.Endpoint{{Node: "haproxy", HTTP: benchAddress}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.close() }()
	began := time.Now()
	e := &engagement{
		client: c, targets: targetsOf(t, w), began: began, inFlight: benchConnections, firstSeq: ProbeSeq,
		pacer: closedLoop{ctx: t.Context(), began: began, length: benchLength},
		done:  map[uint64]harness.Attempt{},
		report: func(a harness.Attempt) {
			if a.Outcome != harness.OK {
				t.Errorf("attempt %+v", a)
			}
		},
	}
	if err := attack(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

// openChild drives a rate for five seconds and says how late attempts were.
func openChild(t *testing.T, name, rateRPS string) {
	d, err := New(name)
	if err != nil {
		t.Fatal(err)
	}
	rate, err := strconv.Atoi(rateRPS)
	if err != nil {
		t.Fatal(err)
	}
	w := harness.Workload{Profile: "ads", Hosts: 100, Rate: harness.Rate(rate), Duration: 5 * time.Second, Seed: 1}
	lag, response := make([]time.Duration, 0, 5*rate), make([]time.Duration, 0, 5*rate)
	driven, err := d.Drive(t.Context(), w, []harness.Endpoint{{Node: "haproxy", HTTP: benchAddress}}, func(a harness.Attempt) {
		lag, response = append(lag, a.Lag()), append(response, a.Latency())
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lag)
	slices.Sort(response)
	fmt.Printf("%s at %d/s: %d attempts of %d; lag p50 %v, p99 %v, p99.9 %v, most %v; response p50 %v, p99 %v; %.1f µs of CPU per attempt; %d of %d cores\n",
		name, rate, len(lag), driven.Offered, stats.Quantile(lag, 0.5), stats.Quantile(lag, 0.99), stats.Quantile(lag, 0.999), stats.Quantile(lag, 1),
		stats.Quantile(response, 0.5), stats.Quantile(response, 0.99), driven.CPU.Seconds()*1e6/float64(len(lag)), coresAllowed(), runtime.NumCPU())
}

// coresAllowed is how many cores the kernel lets this process have.
func coresAllowed() int {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return 0
	}
	return set.Count()
}
