package harness

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files")

// testVocabulary is a small vocabulary of its own: the loader must not care
// what the names are.
var testVocabulary = Vocabulary{
	Kinds:    []string{"haproxy", "web", "quota-tracker"},
	Checks:   []string{"no-errors", "exactly-once", "quota-exact"},
	Drivers:  []string{"vegeta", "wire"},
	Profiles: []string{"ads", "dynamic", "mixed"},
	Options: func(spec CheckSpec) error {
		for option := range spec.Options {
			if option != "keys" {
				return fmt.Errorf("check %s: unknown option %q", spec.Name, option)
			}
		}
		return nil
	},
}

const whole = `
question: Does everything decode?
topology:
  proxy:   {kind: haproxy, count: 2, threads: 1, version: 3.0}
  backend: {kind: web, count: 4, cpus: 0.2, binary: /opt/nginx, args: [-g, "daemon off;"]}
  tracker: {kind: quota-tracker, limits: {customers: 12, total: 4_000, expire: 5s}}
workload:
  {driver: vegeta, profile: mixed, rate: 2_000/s, requests: 100000, customers: 20, hosts: 7, dynamic: 0.25, tls: 0.95,
   work: 300us, timeout: 2s, connections: 64, route: proxy, seed: 42}
trials: 3
checks: [no-errors, {quota-exact: {keys: all}}]
`

func TestLoadDecodesEveryField(t *testing.T) {
	got := load(t, whole)
	want := Scenario{
		Name:     "test",
		Question: "Does everything decode?",
		Topology: Topology{
			"proxy":   {Kind: "haproxy", Count: 2, Threads: 1, Version: "3.0"},
			"backend": {Kind: "web", Count: 4, CPUs: 0.2, Binary: "/opt/nginx", Args: []string{"-g", "daemon off;"}},
			"tracker": {Kind: "quota-tracker", Count: 1, Limits: &Limits{Customers: 12, Total: 4000, Expire: 5 * time.Second}},
		},
		Workload: Workload{
			Driver: "vegeta", Profile: "mixed", Rate: 2000, Requests: 100000, Customers: 20, Hosts: 7,
			Dynamic: 0.25, TLS: 0.95, Work: 300 * time.Microsecond, Timeout: 2 * time.Second,
			Connections: 64, Protocol: ProtocolHTTP1, Route: RouteProxy, Seed: 42,
		},
		Trials: 3,
		Checks: []CheckSpec{{Name: "no-errors"}, {Name: "quota-exact", Options: map[string]string{"keys": "all"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("scenario (-want +got):\n%s", diff)
	}
}

const short = `
question: What is left out?
topology:
  proxy:   {kind: haproxy}
  backend: {kind: web}
workload: {rate: 10/s, duration: 5s}
checks: [no-errors]
`

func TestLoadWritesDefaultsIntoTheScenario(t *testing.T) {
	got := load(t, short)
	want := Scenario{
		Name:     "test",
		Question: "What is left out?",
		Topology: Topology{"proxy": {Kind: "haproxy", Count: 1}, "backend": {Kind: "web", Count: 1}},
		Workload: Workload{
			Driver: "wire", Profile: "mixed", Rate: 10, Duration: 5 * time.Second, Customers: 50, Hosts: 100,
			Dynamic: 0.5, Timeout: 10 * time.Second, Protocol: ProtocolHTTP1, Route: RouteProxy, Seed: 1,
		},
		Trials: 1,
		Checks: []CheckSpec{{Name: "no-errors"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("scenario (-want +got):\n%s", diff)
	}
}

func TestSearchHasDefaultsButNoDefaultLatency(t *testing.T) {
	src := strings.Replace(short, "{rate: 10/s, duration: 5s}", "{search: {objective: {latency: 100ms}, step: 2s}}", 1)
	want := &Search{
		Objective: Objective{Quantile: 0.99, Latency: 100 * time.Millisecond, Achieved: 0.98},
		Probe:     3 * time.Second, Step: 2 * time.Second, From: 0.5, To: 1.3, Stairs: 8,
	}
	if diff := cmp.Diff(want, load(t, src).Workload.Search); diff != "" {
		t.Errorf("search (-want +got):\n%s", diff)
	}
	_, err := Load("test.yaml", []byte(strings.Replace(src, "latency: 100ms", "", 1)), testVocabulary)
	if err == nil || !strings.Contains(err.Error(), "search.objective.latency") {
		t.Errorf("without a latency: got %v, want a problem with search.objective.latency", err)
	}
}

// A file of testdata/load is bad in one way, or in many, and its golden file is
// what the user then sees.
func TestBadScenarioTellsWhereAndWhat(t *testing.T) {
	files, err := filepath.Glob("testdata/load/*.yaml")
	if err != nil || len(files) < 30 {
		t.Fatalf("got %d files and %v, want the bad scenarios", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Load(filepath.Base(file), src, testVocabulary)
			var problems *LoadError
			if !errors.As(err, &problems) {
				t.Fatalf("got %v, want a LoadError", err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", err.Error()+"\n")
		})
	}
}

func TestTooLargeFileIsRefusedBeforeItIsParsed(t *testing.T) {
	_, err := Load("test.yaml", []byte(short+strings.Repeat("#", MaxScenarioBytes)), testVocabulary)
	if err == nil || !strings.Contains(err.Error(), "more than the limit of 1048576") {
		t.Errorf("got %v, want the limit", err)
	}
}

func TestErrorListsAtMostFiftyProblems(t *testing.T) {
	src := "question: Too much?\n"
	for i := range 80 {
		src += fmt.Sprintf("bad%d: 1\n", i)
	}
	_, err := Load("test.yaml", []byte(src), testVocabulary)
	if got := strings.Count(err.Error(), "test.yaml:"); got != maxProblems {
		t.Errorf("got %d problems, want %d", got, maxProblems)
	}
	// Beside the 80 fields: no topology, no checks, no rate, no end.
	if !strings.HasSuffix(err.Error(), "… and 34 more problems") {
		t.Errorf("got %q at the end, want the number of the others", err.Error()[len(err.Error())-60:])
	}
}

// A file with a hundred cells and very many problems must not be worked through
// once per cell and problem.
func TestHopelessFileIsRefusedQuickly(t *testing.T) {
	const axes = "axes:\n  workload.seed: [1,2,3,4,5,6,7,8,9,10]\n  workload.customers: [1,2,3,4,5,6,7,8,9,10]\n"
	for name, unit := range map[string]string{
		"unknown fields":  "\nk%d: 1",
		"one line":        " ,k%d: 1",
		"many tiers":      ", t%d: {kind: web}",
		"many wrong":      ", t%d: {kind: web, count: x, cpus: y}",
		"many arguments":  ", t%d: {args: [a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a]}",
		"many duplicates": "\nquestion: %d",
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			b.WriteString(strings.Replace(short, "\ntopology:\n  proxy:   {kind: haproxy}\n  backend: {kind: web}", "", 1) + axes)
			closing := ""
			if strings.HasPrefix(unit, ",") || strings.HasPrefix(unit, " ,") {
				b.WriteString("topology: {backend: {kind: web}")
				closing = "}"
			}
			for i := 0; b.Len() < MaxScenarioBytes/8; i++ {
				fmt.Fprintf(&b, unit, i)
			}
			began := time.Now()
			if _, err := Load("test.yaml", []byte(b.String()+closing), testVocabulary); err == nil {
				t.Error("got a scenario, want problems")
			} else if len(err.Error()) > 100_000 {
				t.Errorf("got an error of %d bytes, want one that can be read", len(err.Error()))
			}
			if took := time.Since(began); took > 20*time.Second { // 0.05 s on two slow cores
				t.Errorf("took %v", took)
			}
		})
	}
}

// The tables must know every field that the types have, and no other.
func TestTablesAndTypesNameTheSameFields(t *testing.T) {
	compareFields(t, scenarioFields)
	compareFields(t, tierFields)
	compareFields(t, workloadFields)
	compareFields(t, templateFields)
	compareFields(t, shapeFields)
	compareFields(t, searchFields)
	compareFields(t, objectiveFields)
	compareFields(t, faultFields)
}

func compareFields[T any](t *testing.T, fields []field[T]) {
	t.Helper()
	var want, got []string
	for f := range reflect.TypeFor[T]().Fields() {
		if tag := f.Tag.Get("yaml"); tag != "-" {
			want = append(want, tag)
		}
	}
	for _, f := range fields {
		got = append(got, f.name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields of %v (-type +table):\n%s", reflect.TypeFor[T](), diff)
	}
}

func load(t *testing.T, src string) Scenario {
	t.Helper()
	sc, err := document(t, src).Scenario()
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func document(t *testing.T, src string) *Document {
	t.Helper()
	doc, err := Load("dir/test.yaml", []byte(src), testVocabulary)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
