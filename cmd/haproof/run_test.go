package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

func TestCommandLineReproducesTheRun(t *testing.T) {
	o := runOptions{haproxy: "3.2", sets: []string{"question=What's up?", "workload.rate=5/s"}, trials: 2}
	want := `haproof run --engine docker --haproxy 3.2 --set 'question=What'\''s up?' --set workload.rate=5/s --trials 2 ./a.yaml`
	if got := o.commandLine("docker", "./a.yaml"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := (&runOptions{}).commandLine("process", "ads"); got != "haproof run --engine process ads" {
		t.Errorf("got %s, want no flags that were not given", got)
	}
}

func TestSettingsKeepEverythingBehindTheFirstEqualsSign(t *testing.T) {
	o := runOptions{sets: []string{"question=a=b", "workload.requests="}, trials: 3}
	got, err := o.settings()
	if err != nil {
		t.Fatal(err)
	}
	want := []setting{{"question", "a=b"}, {"workload.requests", ""}, {"trials", "3"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(setting{})); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestRunsAreNamedByTimeAndScenario(t *testing.T) {
	began := time.Date(2026, 11, 21, 2, 3, 4, 0, time.FixedZone("", 3600))
	one := question{scenario: harness.Scenario{Name: "my scenario"}}
	if got := runID(began, []question{one}); got != "20261121T010304Z-my_scenario" {
		t.Errorf("got %s, want UTC and a name safe for a directory", got)
	}
	if got := runID(began, []question{one, one}); got != "20261121T010304Z-2-scenarios" {
		t.Errorf("got %s, want the number of scenarios", got)
	}
}

func TestRunsOfOneSecondHaveTheirOwnDirectories(t *testing.T) {
	out := t.TempDir()
	seen := map[string]bool{}
	for range 3 {
		dir, err := newRunDir(out, "id")
		if err != nil {
			t.Fatal(err)
		}
		seen[filepath.Base(dir)] = true
	}
	if diff := cmp.Diff(map[string]bool{"id": true, "id.2": true, "id.3": true}, seen); diff != "" {
		t.Errorf("directories (-want +got):\n%s", diff)
	}
}

func TestLatestPointsToTheNewestRun(t *testing.T) {
	out := t.TempDir()
	for _, run := range []string{"first", "second"} {
		if err := pointLatest(out, run); err != nil {
			t.Fatal(err)
		}
		if got, err := os.Readlink(filepath.Join(out, latest)); err != nil || got != run {
			t.Errorf("got %s and %v, want %s", got, err, run)
		}
	}
	entries, err := os.ReadDir(out)
	if err != nil || len(entries) != 1 {
		t.Errorf("got %v and %v, want nothing but the link", entries, err)
	}
}

func TestLatestThatIsNoLinkIsKept(t *testing.T) {
	out := t.TempDir()
	if err := os.MkdirAll(filepath.Join(out, latest, "precious"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := pointLatest(out, "run"); err == nil {
		t.Error("got a link, want an error")
	}
	if entries, _ := os.ReadDir(out); len(entries) != 1 {
		t.Errorf("got %v, want no link left half way", entries)
	}
}

func TestShippedScenariosAreGoodAndAskTheirOwnQuestion(t *testing.T) {
	questions, err := loadAll(shipped(), nil)
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]string{}
	for _, q := range questions {
		if other := asked[q.scenario.Question]; other != "" {
			t.Errorf("%s asks the question of %s", q.scenario.Name, other)
		}
		asked[q.scenario.Question] = q.scenario.Name
	}
}
