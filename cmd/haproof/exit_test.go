package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/haproof/haproof/containers"
	"github.com/haproof/haproof/harness"
)

func TestExitCodeTellsTheWorst(t *testing.T) {
	broken := &containers.EnvironmentError{What: "no nginx"}
	interrupted := fmt.Errorf("play: %w", harness.ErrInterrupted)
	for _, tc := range []struct {
		why      string
		statuses []harness.Status
		err      error
		want     int
	}{
		{"nothing to judge", nil, nil, 0},
		{"all pass", []harness.Status{harness.Pass, harness.Pass}, nil, 0},
		{"unknown is no pass", []harness.Status{harness.Pass, harness.Unknown}, nil, 2},
		{"fail outweighs unknown", []harness.Status{harness.Unknown, harness.Fail, harness.Pass}, nil, 1},
		{"could not run outweighs unknown", []harness.Status{harness.Unknown}, broken, 3},
		{"could not run outweighs pass", []harness.Status{harness.Pass}, broken, 3},
		{"fail outweighs could not run", []harness.Status{harness.Fail}, broken, 1},
		{"problems of a scenario", nil, &harness.LoadError{}, 3},
		{"interrupted outweighs fail", []harness.Status{harness.Fail}, interrupted, 130},
		{"interrupted outweighs could not run", nil, errors.Join(broken, interrupted), 130},
	} {
		if got := (ending{tc.statuses, tc.err}).code(); got != tc.want {
			t.Errorf("%s: got %d, want %d", tc.why, got, tc.want)
		}
	}
}
