package matrix

import (
	"bytes"
	"encoding/json"

	"github.com/haproof/haproof/harness"
)

// Stands says whether a record of an earlier matrix can stand for a cell as it is
// now: the trial was played to its end, and nothing that is played has changed since.
// Checks may have: they only judge.
func Stands(rec *harness.Record, cell harness.Cell) bool {
	if rec.Interrupted || rec.Error != "" {
		return false
	}
	was, err := json.Marshal(played(rec.Cell.Scenario))
	if err != nil {
		return false
	}
	is, err := json.Marshal(played(cell.Scenario))
	return err == nil && bytes.Equal(was, is)
}

// played is the part of a scenario that changes what happens.
func played(sc harness.Scenario) harness.Scenario {
	sc.Checks, sc.Question, sc.Axes = nil, "", nil
	return sc
}
