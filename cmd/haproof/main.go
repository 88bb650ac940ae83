// Command haproof plays scenarios on real HAProxy, nginx/PHP and quota trackers,
// and answers with verdicts that can be checked again later.
package main

import (
	"io"
	"os"
)

func main() { os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr)) }

// execute runs one command line and returns its exit code.
func execute(args []string, stdout, stderr io.Writer) int {
	a := &app{stdout: stdout, stderr: stderr, log: newLogs(stderr)}
	root := a.root()
	root.SetArgs(args)
	if err := root.Execute(); err != nil {
		a.ending.err = err
		a.complain(err)
	}
	return a.ending.code()
}
