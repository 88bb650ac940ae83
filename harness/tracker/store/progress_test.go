package store

import (
	"context"
	"testing"
)

// Another process folds the same rows in the middle of a fold: the growth of them is
// added once, because a fold goes on from where it was and from nowhere else.
func TestFoldThatAnotherHasOvertakenAddsNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		overtaken := 0
		for at := 0; ; at++ { // the step before which the other one folds
			url, sc := r.url(t), newScript(61)
			s := mustOpen(t, url, never)
			for range 6 {
				mustCommit(t, s, sc.batch())
			}
			steps := 0
			_, err := s.foldSome(t.Context(), func(ctx context.Context, f func(queryer) error) error {
				if steps++; steps == at+1 {
					if _, err := s.foldSome(ctx, s.step, s.seq); err != nil {
						t.Fatal(err)
					}
				}
				return s.step(ctx, f)
			}, s.seq)
			crash(s)
			mustHold(t, mustOpen(t, url, never), sc.model)
			if report := mustVerify(t, url); report.Failures > 0 {
				t.Fatalf("step %d: %q", at, report.Findings)
			}
			if steps <= at {
				break // it had fewer steps
			}
			if err != nil {
				mustFail(t, err, "another process has written")
				overtaken++
			}
		}
		if overtaken < 5 {
			t.Errorf("overtaken in %d steps: little was tested", overtaken)
		}
	})
}
