package harness

import (
	"errors"
	"strings"
	"testing"
)

func TestSetWinsOverTheFile(t *testing.T) {
	doc := document(t, short)
	for _, s := range [][2]string{
		{"topology.backend.count", "3"},
		{"workload.rate", "500/s"},
		{"workload.seed", "7"},               // not in the file
		{"workload.duration", ""},            // takes it out
		{"workload.requests", "10"},          // instead
		{"trials", "2"},                      // at the top
		{"question", "Why: is [this] fine?"}, // is no YAML of its own
		{"checks", "[exactly-once, {quota-exact: {keys: all}}]"},
	} {
		if err := doc.Set(s[0], s[1]); err != nil {
			t.Fatal(err)
		}
	}
	sc, err := doc.Scenario()
	if err != nil {
		t.Fatal(err)
	}
	w := sc.Workload
	if sc.Topology["backend"].Count != 3 || w.Rate != 500 || w.Seed != 7 || w.Duration != 0 || w.Requests != 10 ||
		sc.Trials != 2 || sc.Question != "Why: is [this] fine?" || len(sc.Checks) != 2 {
		t.Errorf("got %+v, want every setting", sc)
	}
}

func TestSetFixesAnAxis(t *testing.T) {
	doc := document(t, swept)
	if err := doc.Set("topology.backend.count", "2"); err != nil {
		t.Fatal(err)
	}
	if err := doc.Set("axes.workload.route", "[direct]"); err != nil {
		t.Fatal(err)
	}
	cells, err := doc.Cells()
	if err != nil {
		t.Fatal(err)
	}
	if len(cells) != 1 || cells[0].Name != "backend.count=2,route=direct" || cells[0].Scenario.Topology["backend"].Count != 2 {
		t.Errorf("got %+v, want one cell", cells)
	}
}

func TestSetTakesAnAxisOut(t *testing.T) {
	doc := document(t, swept)
	for _, path := range []string{"axes.workload.route", "axes.topology.backend.count"} {
		if err := doc.Set(path, ""); err != nil {
			t.Fatal(err)
		}
	}
	cells, err := doc.Cells()
	if err != nil || len(cells) != 1 || cells[0].Name != "only" {
		t.Errorf("got %+v and %v, want the only cell", cells, err)
	}
}

func TestSetProblemsNameTheSetting(t *testing.T) {
	for _, tc := range []struct{ path, value, want string }{
		{"workload.rat", "5/s", `--set workload.rat=5/s: unknown field "rat" in workload` + "\n      = did you mean rate?"},
		{"workload.rate", "5", `--set workload.rate=5: workload.rate "5" has no unit` + "\n      = want a rate such as 2000/s: write 5/s"},
		{"topology.bakend.count", "2", `--set topology.bakend.count=2: the topology has no tier "bakend"` + "\n      = did you mean backend?"},
		{"topology..count", "2", "--set topology..count=2: the path has an empty part\n      = write a path such as topology.backend.count"},
		{"checks.0", "x", "--set checks.0=x: nothing can be set below a list"},
		{"checks", "[a", "--set checks=[a: the value is not YAML: line 1: did not find expected ',' or ']'"},
		{"topology.backend.count", "0", "--set topology.backend.count=0: topology.backend.count is 0, want 1 to 200"},
		{"workload.requests", "5", "--set workload.requests=5: the workload has requests and a duration, which can disagree\n      = keep one of them; --set workload.duration= takes one out"},
	} {
		doc := document(t, short)
		err := doc.Set(tc.path, tc.value)
		if err == nil {
			_, err = doc.Cells()
		}
		var problems *LoadError
		if !errors.As(err, &problems) || err.Error() != tc.want {
			t.Errorf("Set(%q, %q)\n got: %v\nwant: %s", tc.path, tc.value, err, tc.want)
		}
	}
}

func TestRefusedSettingChangesNothing(t *testing.T) {
	doc := document(t, short)
	if err := doc.Set("topology.cache.kind", "web"); err == nil {
		t.Error("got a new tier, want a refusal")
	}
	if sc, err := doc.Scenario(); err != nil || len(sc.Topology) != 2 {
		t.Errorf("got %+v and %v, want the scenario as it was", sc.Topology, err)
	}
}

func TestSuggestNamesTheNearest(t *testing.T) {
	known := []string{"no-errors", "exactly-once", "quota-exact"}
	for _, tc := range []struct{ name, want string }{
		{"quota-exakt", "did you mean quota-exact?"},
		{"exactlyonce", "did you mean exactly-once?"},
		{"quota", "did you mean quota-exact?"}, // begins it
		{"zzz", "known: exactly-once, no-errors, quota-exact"},
		{strings.Repeat("quota-exact", 1000), "known: exactly-once, no-errors, quota-exact"}, // not worth the time
	} {
		if got := Suggest(tc.name, known); got != tc.want {
			t.Errorf("Suggest(%.20q): got %q, want %q", tc.name, got, tc.want)
		}
	}
}
