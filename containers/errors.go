package containers

import (
	"fmt"
	"strings"

	"github.com/haproof/haproof/harness"
)

// EnvironmentError says that this machine, or the request made of it, cannot
// give a lab, and what mends that.
type EnvironmentError struct {
	What string // such as "nginx is not installed"
	Mend string // what to do about it; may be empty
	Err  error  // the cause, if there is one
}

// Error returns what is wrong, the cause, and what mends it, on one line.
func (e *EnvironmentError) Error() string {
	text := e.What
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Mend != "" {
		text += " (" + e.Mend + ")"
	}
	return text
}

// Unwrap returns the cause.
func (e *EnvironmentError) Unwrap() error { return e.Err }

// NodeError says that a node ended while the lab was coming up.
type NodeError struct{ Failure harness.NodeFailure }

// Error returns the node, the reason and its last lines.
func (e *NodeError) Error() string {
	text := fmt.Sprintf("%s died while starting: %s", e.Failure.Node, e.Failure.Reason)
	if len(e.Failure.Log) > 0 {
		text += "\n  " + strings.Join(e.Failure.Log, "\n  ")
	}
	return text
}
