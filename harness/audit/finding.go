package audit

import (
	"cmp"
	"slices"
	"strings"
)

// Severity says how much a finding matters.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // counts are wrong, or anybody may change them
	Warning Severity = "warning" // counts are lost when something happens that does happen, such as a reload
	Note    Severity = "note"    // worth knowing
)

// Finding is one thing that is wrong at one place of a configuration.
type Finding struct {
	ID       string   `json:"id"` // of the trap, see docs/DOCTOR.md
	Severity Severity `json:"severity"`
	File     string   `json:"file"` // as it was named; empty where no file is to blame
	Line     int      `json:"line"` // from 1; 0 where no line is to blame
	What     string   `json:"what"` // is wrong there
	Why      string   `json:"why"`  // it matters, in one sentence
	Mend     string   `json:"mend"`
}

// arrange sorts findings as the files were read and drops repeated ones.
func arrange(found []Finding, files []string) []Finding {
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(files, a.File), slices.Index(files, b.File)),
			cmp.Compare(a.Line, b.Line), strings.Compare(a.ID, b.ID), strings.Compare(a.What, b.What))
	})
	return slices.Compact(found)
}

// Arrange sorts findings, those of a Program too, as the files were read.
func (c *Configuration) Arrange(found []Finding) []Finding { return arrange(found, c.Files) }
