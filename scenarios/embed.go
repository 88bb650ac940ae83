// Package scenarios holds the scenarios that haproof ships with, one question
// each.
package scenarios

import (
	"embed"
	"io/fs"
)

//go:embed *.yaml faults/*.yaml regression/*.yaml
var files embed.FS

// The folders beside the scenarios at the top.
const (
	Faults     = "faults"     // one per fault, a row of the matrix each
	Regression = "regression" // one per defect that HAProxy is known to have had
)

// Files returns the shipped scenario files: those at the top of the file system, and
// those in the folders Faults and Regression.
func Files() fs.FS { return files }
