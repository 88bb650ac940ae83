// Package scenarios holds the scenarios that haproof ships with, one question
// each.
package scenarios

import (
	"embed"
	"io/fs"
)

//go:embed *.yaml
var files embed.FS

// Files returns the shipped scenario files, all at the top of the file system.
func Files() fs.FS { return files }
