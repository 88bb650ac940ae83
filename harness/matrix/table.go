package matrix

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/haproof/haproof/harness"
)

// Schema is the version of the table's format on disk.
const Schema = 1

// Table is what a matrix found, and where.
type Table struct {
	Schema   int       `json:"schema"`
	Began    time.Time `json:"began"`
	Haproof  string    `json:"haproof"` // version of haproof
	OS       string    `json:"os"`
	CPUModel string    `json:"cpuModel"`
	Cores    int       `json:"cores"`
	Plan     Plan      `json:"plan"`
	Rows     []Row     `json:"rows"`
}

// Plan is what a matrix plays: every fault on every version.
type Plan struct {
	Engine   string   `json:"engine"`
	Versions []string `json:"versions"`
	Faults   []string `json:"faults"`         // names of scenarios
	Seed     *uint64  `json:"seed,omitempty"` // of all workloads; nil means each scenario's own
}

// Sort puts the rows into their order: by fault, then version, then style.
func (t *Table) Sort() {
	slices.SortStableFunc(t.Rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Fault, b.Fault), cmp.Compare(a.Version, b.Version),
			cmp.Compare(a.Style, b.Style), cmp.Compare(a.Also, b.Also))
	})
}

// Statuses are the verdicts of all rows.
func (t Table) Statuses() []harness.Status {
	statuses := make([]harness.Status, len(t.Rows))
	for i, row := range t.Rows {
		statuses[i] = row.Verdict
	}
	return statuses
}

// Text writes the table for people: what was lost and doubled in each cell, then how
// to play again what did not pass, and what could not be played.
func (t Table) Text(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FAULT\tKEYS\tHAPROXY\tTRUTH\tLOST\tDOUBLED\tEXPECTED\tRECOVERY\tCONVERGENCE\tVERDICT")
	for _, r := range t.Rows {
		if r.Why != "" {
			fmt.Fprintf(table, "%s\t%s\t%s\t\t\t\t\t\t\tnot possible here: %s\n", r.Fault, r.Keys(), r.Version, r.Why)
			continue
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\t%s\n", r.Fault, r.Keys(), cmp.Or(r.HAProxy, r.Version),
			r.truth(), r.Lost, r.Doubled, r.expected(), short(r.Recovery), short(r.Convergence), r.Verdict)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return t.again(w)
}

// again says how to play what did not pass.
func (t Table) again(w io.Writer) error {
	counts := map[harness.Status]int{}
	for _, r := range t.Rows {
		counts[r.Verdict]++
	}
	_, err := fmt.Fprintf(w, "\n%d cells: %d pass, %d fail, %d unknown\n", len(t.Rows), counts[harness.Pass], counts[harness.Fail], counts[harness.Unknown])
	for _, r := range t.Rows {
		if r.Verdict != harness.Pass && r.Why == "" && err == nil {
			_, err = fmt.Fprintf(w, "\n%s %s %s: %s\n  %s\n", r.Fault, r.Keys(), r.Version, r.Sentence, r.Command)
		}
	}
	return err
}

// Keys is the style, and what else sets the cell apart.
func (r Row) Keys() string {
	return strings.TrimRight(string(r.Style)+" "+r.Also, " ")
}

func (r Row) truth() string {
	if r.Truth.Unsure == 0 {
		return fmt.Sprint(r.Truth.Sure)
	}
	return fmt.Sprintf("%d..%d", r.Truth.Sure, r.Truth.Sure+r.Truth.Unsure)
}

func (r Row) expected() string {
	return fmt.Sprintf("lost %s, doubled %s", cmp.Or(r.WantLost, "?"), cmp.Or(r.WantDoubled, "?"))
}

// short writes a time as people read it; nothing where there is none.
func short(d time.Duration) string {
	switch {
	case d <= 0:
		return "-"
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

// File is the name of a table in the directory of a matrix.
const File = "matrix.json"

// Write writes the table to a path, in one step.
func Write(path string, t Table) error {
	t.Schema = Schema
	text, err := json.MarshalIndent(t, "", " ")
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = file.Write(append(text, '\n'))
	err = errors.Join(err, file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// Read reads what Write wrote.
func Read(path string) (Table, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Table{}, err
	}
	var t Table
	if err := json.Unmarshal(text, &t); err != nil {
		return Table{}, fmt.Errorf("%s: %w", path, err)
	}
	if t.Schema != Schema {
		return Table{}, fmt.Errorf("%s: schema %d, this program reads schema %d", path, t.Schema, Schema)
	}
	return t, nil
}
