package harness

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const swept = `
question: What does an axis do?
topology:
  proxy:   {kind: haproxy}
  backend: {kind: web}
workload: {rate: 10/s, duration: 5s}
axes:
  topology.backend.count: [1, 4]
  workload.route: [proxy, direct]
checks: [no-errors]
`

func TestCellsAreEveryCombinationInOrder(t *testing.T) {
	cells, err := document(t, swept).Cells()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range cells {
		got = append(got, fmt.Sprintf("%s %d %s %v", c.Name, c.Scenario.Topology["backend"].Count, c.Scenario.Workload.Route, c.Settings))
	}
	want := []string{
		"backend.count=1,route=proxy 1 proxy [{topology.backend.count 1} {workload.route proxy}]",
		"backend.count=1,route=direct 1 direct [{topology.backend.count 1} {workload.route direct}]",
		"backend.count=4,route=proxy 4 proxy [{topology.backend.count 4} {workload.route proxy}]",
		"backend.count=4,route=direct 4 direct [{topology.backend.count 4} {workload.route direct}]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
}

func TestScenarioKeepsItsAxesAndIsNotChangedByItsCells(t *testing.T) {
	doc := document(t, swept)
	if _, err := doc.Cells(); err != nil {
		t.Fatal(err)
	}
	sc, err := doc.Scenario()
	if err != nil {
		t.Fatal(err)
	}
	want := []Axis{
		{Path: "topology.backend.count", Values: []string{"1", "4"}},
		{Path: "workload.route", Values: []string{"proxy", "direct"}},
	}
	if diff := cmp.Diff(want, sc.Axes); diff != "" {
		t.Errorf("axes (-want +got):\n%s", diff)
	}
	if got := sc.Topology["backend"].Count; got != 1 {
		t.Errorf("got %d backends in the scenario itself, want the default of 1", got)
	}
}

func TestScenarioWithoutAxesHasOneCell(t *testing.T) {
	cells, err := document(t, short).Cells()
	if err != nil {
		t.Fatal(err)
	}
	if len(cells) != 1 || cells[0].Name != "only" {
		t.Errorf("got %+v, want one cell named only", cells)
	}
	if diff := cmp.Diff(load(t, short), cells[0].Scenario); diff != "" {
		t.Errorf("its scenario (-want +got):\n%s", diff)
	}
}

func TestAxisMayBringWhatTheFileLeavesOut(t *testing.T) {
	src := strings.Replace(swept, "rate: 10/s, ", "", 1)
	src = strings.Replace(src, "workload.route: [proxy, direct]", "workload.rate: [5/s, 6.5/s]", 1)
	cells, err := document(t, src).Cells()
	if err != nil {
		t.Fatal(err)
	}
	last := cells[len(cells)-1]
	if last.Name != "backend.count=4,rate=6.5_s" || last.Scenario.Workload.Rate != 6.5 {
		t.Errorf("got %s at %v, want the last rate", last.Name, last.Scenario.Workload.Rate)
	}
}

func TestDirNameIsSafe(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"backend.count=4", "backend.count=4"},
		{"rate=500/s", "rate=500_s"}, // a slash would make a directory
		{"../../etc", ".._.._etc"},   // stays below the run
		{"..", "_"},                  // is the parent directory
		{"", "_"},                    // is the run itself
		{"a,b", "a_b"},               // a comma separates the settings
		{"größe \x00", "gr_e_"},      // anything outside the list
		{strings.Repeat("x", 300), strings.Repeat("x", 200)}, // file systems take 255 bytes
	} {
		if got := DirName(tc.text); got != tc.want {
			t.Errorf("DirName(%q): got %q, want %q", tc.text, got, tc.want)
		}
	}
}

func TestCellNamesStayApart(t *testing.T) {
	src := strings.Replace(swept, "[1, 4]", "[1]", 1)
	src = strings.Replace(src, "workload.route: [proxy, direct]", "topology.proxy.version: [a:b, a;b, a_b]", 1)
	cells, err := document(t, src).Cells()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range cells {
		seen[c.Name] = true
	}
	if len(seen) != 3 {
		t.Errorf("got directories %v, want three", seen)
	}
}
