package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haproof/haproof/containers"
	"github.com/haproof/haproof/harness"
)

// versionAxis is the path of an axis over versions of HAProxy.
const versionAxis = "topology." + harness.TierProxy + ".version"

// cutVersions cuts an axis over versions of HAProxy to the one that --haproxy asks
// for, or that the process engine has, and notes so.
func (s *session) cutVersions(q *question) error {
	axis := slices.IndexFunc(q.scenario.Axes, func(a harness.Axis) bool { return a.Path == versionAxis })
	if axis < 0 || len(q.scenario.Axes[axis].Values) < 2 {
		return nil
	}
	all := q.scenario.Axes[axis].Values
	only, why := s.options.haproxy, "--haproxy asks for it"
	if s.engine == "process" && (only == "" || only == "installed") {
		var err error
		if only, err = containers.Installed(s.soft, all, containers.Options{}); err != nil {
			return err
		}
		why = "the process engine has no other"
	}
	if only == "" {
		return nil
	}
	if err := q.doc.Set(versionAxis, only); err != nil {
		return err
	}
	q.notes = append(q.notes, fmt.Sprintf("of HAProxy %s only %s was played: %s", strings.Join(all, ", "), only, why))
	return q.decode()
}
