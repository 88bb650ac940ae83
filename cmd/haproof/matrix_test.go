package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/matrix"
	"github.com/haproof/haproof/scenarios"
)

func TestNamesOfScenariosAreUniqueAcrossFolders(t *testing.T) {
	names := shipped()
	slices.Sort(names)
	if len(names) != len(slices.Compact(slices.Clone(names))) {
		t.Errorf("got %v, want no name twice: run takes them without their folder", names)
	}
}

func TestEveryFaultIsPlayedWithBothStylesAndSaysWhatItExpectsOfThem(t *testing.T) {
	questions, err := loadAll(shippedIn(scenarios.Faults), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range questions {
		i := slices.IndexFunc(q.scenario.Axes, func(a harness.Axis) bool { return a.Path == matrix.StyleAxis })
		if i < 0 || cmp.Diff([]string{"plain", "exact"}, q.scenario.Axes[i].Values) != "" {
			t.Errorf("%s: got axes %v, want %s over both styles", q.scenario.Name, q.scenario.Axes, matrix.StyleAxis)
		}
		i = slices.IndexFunc(q.scenario.Checks, func(c harness.CheckSpec) bool { return c.Name == "charged" })
		if i < 0 || q.scenario.Checks[i].Options["exact"] == "" || q.scenario.Checks[i].Options["plain"] == "" {
			t.Errorf("%s: got checks %v, want charged with what is expected of both styles", q.scenario.Name, q.scenario.Checks)
		}
	}
}

func TestEveryScenarioOfAFaultExplainsItself(t *testing.T) {
	for _, folder := range []string{scenarios.Faults, scenarios.Regression} {
		for _, name := range shippedIn(folder) {
			_, src, err := readScenario(name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(string(src), "# ") {
				t.Errorf("%s does not begin with why it is expected what is expected", name)
			}
		}
	}
}

func TestMatrixPlaysTheFaultsThatItsFlagsAskFor(t *testing.T) {
	all := shippedIn(scenarios.Faults)
	for name, tc := range map[string]struct {
		options matrixOptions
		want    []string
	}{
		"all":               {matrixOptions{}, all},
		"by name":           {matrixOptions{only: "^network-(cut|delay)$"}, []string{"network-cut", "network-delay"}},
		"a short one":       {matrixOptions{short: true}, shortFaults},
		"some of the short": {matrixOptions{short: true, only: "^reload"}, []string{"reload-once"}},
	} {
		got, err := tc.options.faults()
		if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
		for _, fault := range got {
			if !slices.Contains(all, fault) {
				t.Errorf("%s: there is no fault %s", name, fault)
			}
		}
	}
}

func TestMatrixRefusesWhatItCannotMean(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"a fault that there is not":      {[]string{"--only", "^nothing$"}, "no fault has such a name"},
		"a pattern that is none":         {[]string{"--only", "("}, "--only"},
		"no lab at all":                  {[]string{"--parallel", "0"}, "want 1 or more"},
		"a directory that is no matrix":  {[]string{"--resume", t.TempDir()}, "--resume"},
		"to go on with something else":   {[]string{"--resume", t.TempDir(), "--only", "x"}, "none of the others can be"},
		"an engine that nobody has made": {[]string{"--engine", "steam"}, "unknown engine"},
	} {
		args := append([]string{"matrix"}, tc.args...)
		if !slices.Contains(args, "--resume") {
			args = append(args, "--out", out)
		}
		got := haproof(t, args...)
		if got.code != exitCannot || !strings.Contains(got.stderr, tc.want) {
			t.Errorf("%s: got code %d and %q, want %d and %q in it", name, got.code, got.stderr, exitCannot, tc.want)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a directory was made for nothing")
	}
}
