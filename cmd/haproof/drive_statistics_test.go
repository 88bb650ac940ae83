package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

func TestDriveTellsRoutesHostsAndHistograms(t *testing.T) {
	for _, by := range []string{"wire", "vegeta"} {
		t.Run(by, func(t *testing.T) {
			_, url := receiving(t)
			dir := t.TempDir()
			hlog, hgrm := filepath.Join(dir, "x.hlog"), filepath.Join(dir, "x.hgrm")
			got, result := driven(t, "--driver", by, "--users", "3", "--session", "5", "--requests", "60", "--soft-start", "1ms",
				"--histogram", hlog, "--hgrm", hgrm, "--slo", "errors<50%,ttfb<1m,rate>0.01/s", url+"a?size=10", url+"b?size=20", url+"c?status=404")
			if got.code != exitPass {
				t.Fatalf("code %d, stderr %s", got.code, got.stderr)
			}
			s := result.Cells[0].Trials[0].Statistics
			want := harness.Classes{Scheduled: 60, Sent: 60, Completed: 60}
			if diff := cmp.Diff(want, s.Classes); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(map[int]uint64{200: 40, 404: 20}, s.Statuses); diff != "" {
				t.Error(diff)
			}
			routes := map[string][3]uint64{}
			for _, r := range s.Routes {
				routes[r.Name] = [3]uint64{r.Attempts, r.Errors, r.Bytes}
			}
			if diff := cmp.Diff(map[string][3]uint64{"/a": {20, 0, 200}, "/b": {20, 0, 400}, "/c": {20, 20, 0}}, routes); diff != "" {
				t.Error(diff)
			}
			if len(s.Hosts) != 1 || s.Hosts[0].Attempts != 60 || s.FirstByte.N != 60-s.Soft || s.Soft == 0 {
				t.Errorf("hosts %+v, first bytes of %d, %d soft", s.Hosts, s.FirstByte.N, s.Soft)
			}
			for name, piece := range map[string]string{hlog: "Tag=response,0.000,", hgrm: "1/(1-Percentile)"} {
				if text, err := os.ReadFile(name); err != nil || !strings.Contains(string(text), piece) {
					t.Errorf("%s: %v, %.200q", name, err, text)
				}
			}
		})
	}
}

// TestDriveKeepsTotalsAlone: the record has no attempt, and is judged alike, also again.
func TestDriveKeepsTotalsAlone(t *testing.T) {
	_, url := receiving(t)
	for slo, code := range map[string]int{"p99<1m,service<1m,errors<=50%,rate>1/s": exitPass, "errors<40%": exitFail, "p50<1ns": exitFail} {
		dir := t.TempDir()
		got := haproof(t, "drive", "--totals", "--out", dir, "--rate", "500/s", "--requests", "200", "--slo", slo, url+"a?size=10", url+"c?status=404")
		if got.code != code {
			t.Errorf("%s: code %d, want %d; stdout %s; stderr %s", slo, got.code, code, got.stdout, got.stderr)
		}
		if again := haproof(t, "check", filepath.Join(dir, "latest")); again.code != code {
			t.Errorf("%s: checked again, code %d, want %d; stdout %s", slo, again.code, code, again.stdout)
		}
		rec, err := harness.ReadRecord(filepath.Join(dir, "latest", "only", "1"))
		if err != nil {
			t.Fatal(err)
		}
		sum := harness.Summarise(rec)
		if len(rec.Attempts) != 0 || rec.Made() != 200 || sum.OK != 200 || sum.Statuses[404] != 100 || sum.Causes[harness.CauseStatus] != 100 || sum.BytesIn != 1000 {
			t.Errorf("%d attempts, summary %+v", len(rec.Attempts), sum)
		}
	}
}
