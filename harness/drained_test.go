package harness

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCountedIsTheTableAndWhatStoppingProcessesLogged(t *testing.T) {
	rec := &Record{
		Attempts: []Attempt{{Seq: 1, Key: "a"}, {Seq: 2, Key: "b"}, {Seq: 3, Key: "b"}, {Seq: 4, Key: "a"}},
		Ledgers:  map[string]Ledger{WitnessStickTable: {"a": {Sure: 7}}},
	}
	if diff := cmp.Diff(Ledger{"a": {Sure: 7}}, rec.Counted()); diff != "" {
		t.Errorf("without any (-want +got):\n%s", diff)
	}
	rec.Stopping = []StoppingAnswer{{Seq: 1}, {Seq: 2, Drained: true}, {Seq: 3, Drained: true}, {Seq: 4, Drained: true}, {Seq: 9, Drained: true}}
	if diff := cmp.Diff(map[string]uint64{"a": 1, "b": 2}, rec.Drained()); diff != "" {
		t.Errorf("drained (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Ledger{"a": {Sure: 8}, "b": {Sure: 2}}, rec.Counted()); diff != "" {
		t.Errorf("counted (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Ledger{"a": {Sure: 7}}, rec.Ledgers[WitnessStickTable]); diff != "" {
		t.Errorf("the testimony itself has changed (-want +got):\n%s", diff)
	}
}
