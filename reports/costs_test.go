package reports

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

// costly has two versions and two states, one of them unknown in part.
func costly() *harness.Result {
	change := func(median, reference, low, high float64) harness.Change {
		return harness.Change{Median: median, Reference: reference, Ratio: median / reference, Low: low, High: high, N: 5}
	}
	r := quotaPass()
	r.Costs = []harness.Cost{
		{Name: "topology.proxy.version=2.6", State: harness.TrackerUp,
			Rate: change(4000, 5000, 0.75, 0.85), P99: change(0.012, 0.010, 0.9, 1.6), CPU: change(120e-6, 80e-6, 1.4, 1.6)},
		{Name: "topology.proxy.version=2.6", State: harness.TrackerDead,
			Rate: change(5000, 5000, 0.95, 1.05), P99: change(0.010, 0.010, 0.9, 1.1), CPU: change(80e-6, 80e-6, 0.9, 1.1)},
		{Name: "topology.proxy.version=3.0", State: harness.TrackerUp,
			Rate: change(4500, 5000, 0.85, 0.95), P99: change(0.012, 0.010, 0.9, 1.6)},
	}
	return r
}

func TestCostsAreAStateByVersion(t *testing.T) {
	want := [][]string{
		{"tracker", "2.6", "3.0"},
		{"off", "80 µs", "–"},
		{"up", "150 % (140 to 160), n 5", "–"},
		{"dead", "100 % (90 to 110), n 5", "–"},
	}
	tables := costTables(costly())
	if len(tables) != 3 {
		t.Fatalf("%d tables, want CPU time, capacity and p99", len(tables))
	}
	got := [][]string{tables[0].names()}
	for _, r := range tables[0].Rows {
		got = append(got, r.Cells)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("CPU time (-want +got):\n%s", diff)
	}
	if cell := tables[1].Rows[1].Cells[2]; cell != "90 % (85 to 95), n 5" {
		t.Errorf("capacity of 3.0, tracker up: %s", cell)
	}
	if len(costTables(quotaPass())) > 0 {
		t.Error("a run without states has tables of costs")
	}
}

func TestFaultsAndCostsAreInEveryReportForPeople(t *testing.T) {
	r := costly()
	r.Cells[0].Trials[0].Disturbances = []harness.Disturbance{
		{Fault: harness.Fault{At: time.Second, Do: harness.FaultRestart, Node: "tracker1"}, Began: 1001 * time.Millisecond, Ended: 1200 * time.Millisecond},
		{Fault: harness.Fault{At: 2 * time.Second, Do: harness.FaultKill, Node: "proxy1"}, Error: "not played: the driver was done before"},
	}
	for name, write := range map[string]Format{"text": Text, "HTML": HTML, "Markdown": Markdown} {
		var b strings.Builder
		if err := write(&b, r); err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"CPU time of HAProxy per attempt", "150 % (140 to 160)", "done to the nodes on purpose", "restart", "1.2 s", "not played"} {
			if !strings.Contains(b.String(), part) {
				t.Errorf("%s: no %q in it", name, part)
			}
		}
	}
}

func TestFaultsAreMarkedOnTheCourse(t *testing.T) {
	r := quotaPass()
	plain, _ := courseChart(r, shown(r))
	before := plain.inline()
	shown(r).trial.Disturbances = []harness.Disturbance{
		{Fault: harness.Fault{Do: harness.FaultStop, Node: "tracker1"}, Began: time.Second, Ended: 2 * time.Second},
	}
	marked, _ := courseChart(r, shown(r))
	if before == marked.inline() || !strings.Contains(marked.Text, "disturbed on purpose") || strings.Contains(plain.Text, "purpose") {
		t.Errorf("the course looks alike, text %q", marked.Text)
	}
}
