package matrix_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/matrix"
)

func TestNewRowsTakeThePlaceOfTheirFormerOnes(t *testing.T) {
	var record matrix.TrackRecord
	first, second := tableOf(), tableOf()
	second.Haproof = "newer"
	second.Rows = second.Rows[1:2]
	second.Rows[0].Lost = 4
	record.Enter(first)
	record.Enter(second)
	if len(record) != 1 || record[0].Haproof != "newer" {
		t.Fatalf("got %+v, want one table of the one version", record)
	}
	got := map[string]uint64{}
	for _, row := range record[0].Rows {
		got[row.Fault] = row.Lost
	}
	if diff := cmp.Diff(map[string]uint64{"counter-wrap": 0, "reload-once": 4}, got); diff != "" {
		t.Errorf("losses by fault, without what was never played (-want +got):\n%s", diff)
	}
}

func TestTrackRecordHasATablePerVersion(t *testing.T) {
	both := tableOf()
	both.Plan.Versions = []string{"2.6", "3.2"}
	newer := both.Rows[0]
	newer.Version = "3.2"
	both.Rows = append(both.Rows, newer)
	var record matrix.TrackRecord
	record.Enter(both)
	if len(record) != 2 || record[0].Version() != "2.6" || len(record[0].Rows) != 2 || record[1].Version() != "3.2" || len(record[1].Rows) != 1 {
		t.Fatalf("got %+v, want two rows of 2.6 and one of 3.2", record)
	}
	if diff := cmp.Diff([]string{"network-cut", "reload-once (3.2)"}, record.Missing([]string{"counter-wrap", "network-cut", "reload-once"})); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	record.Forget([]string{"reload-once"})
	if len(record[0].Rows) != 1 || len(record[1].Rows) != 0 {
		t.Errorf("got %+v, want the known fault alone", record)
	}
}

func TestTrackRecordSaysWhatFailedAndWhatIsNotMeasured(t *testing.T) {
	var record matrix.TrackRecord
	record.Enter(tableOf())
	page := record.Markdown([]string{"counter-wrap", "reload-once", "tracker-disk-full"})
	for _, want := range []string{
		"| [counter-wrap](../scenarios/faults/counter-wrap.yaml) | What is lost? | plain | exact (100) |",
		"| plain | lost 9, doubled 0 of 100 **fail** |",
		"Not measured: tracker-disk-full.",
		"**reload-once, plain: fail.** charged: lost 9",
		"play proxy.keys=plain",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in:\n%s", want, page)
		}
	}
}
