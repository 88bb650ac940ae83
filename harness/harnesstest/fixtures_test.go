package harnesstest

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/check"
)

var update = flag.Bool("update", false, "rewrite fixtures/records")

const fixtures = "../../fixtures/records"

// recorded are the trials in fixtures/records. Their directories are named after
// the status that the scenario's checks must give them.
var recorded = map[harness.Status]func() *Driver{
	harness.Pass:    func() *Driver { return &Driver{Site: NewSite(HonestTracker)} },
	harness.Fail:    func() *Driver { return &Driver{Site: NewSite(LosingTracker(31))} },
	harness.Unknown: func() *Driver { return &Driver{Site: NewSite(HonestTracker)} },
}

// record plays the trial of a fixture. What depends on the machine is replaced.
func record(t *testing.T, status harness.Status) *harness.Record {
	t.Helper()
	run, err := Play(t.Context(), Scenario(60), recorded[status](), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	rec := run.Records[0]
	rec.Host = harness.HostUsage{Wall: time.Second, Cores: 2, Busy: time.Second}
	rec.Settlement.Took = 40 * time.Millisecond
	if status == harness.Unknown { // a tracker that could not be asked
		delete(rec.Ledgers, harness.WitnessTracker)
		rec.Absent = map[string]string{harness.WitnessTracker: "connection refused"}
	}
	return rec
}

func TestRecordedTrialsAreJudgedAsTheirDirectoriesSay(t *testing.T) {
	for status := range recorded {
		dir := filepath.Join(fixtures, status.String())
		if *update {
			if err := harness.WriteRecord(dir, record(t, status)); err != nil {
				t.Fatal(err)
			}
		}
		rec, err := harness.ReadRecord(dir)
		if err != nil {
			t.Fatal(err)
		}
		checks, err := check.All(rec.Cell.Scenario.Checks)
		if err != nil {
			t.Fatal(err)
		}
		run := &harness.Run{ID: rec.Run, Scenario: rec.Cell.Scenario, Records: []*harness.Record{rec}}
		if r := harness.Judge(run, checks); r.Status != status {
			t.Errorf("%s is judged: %s", dir, r.Sentence)
		}
	}
}

// A change of the format must show as a change of the files.
func TestRecordedTrialsAreWhatIsWrittenToday(t *testing.T) {
	for status := range recorded {
		want, err := os.ReadFile(filepath.Join(fixtures, status.String(), harness.RecordFile))
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := harness.WriteRecord(dir, record(t, status)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, harness.RecordFile))
		if diff := cmp.Diff(string(want), string(got)); diff != "" || err != nil {
			t.Errorf("%s: error %v; if the change is meant, run with -update\n%s", status, err, diff)
		}
	}
}
