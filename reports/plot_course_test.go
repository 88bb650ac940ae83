package reports

import (
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
)

func TestCourseShowsDenialsOnlyWhereThereAreSome(t *testing.T) {
	moments := func(denied uint64) []harness.Moment {
		return []harness.Moment{
			{Length: time.Second, Done: 10}, {At: time.Second, Length: time.Second, Done: 10, Denied: denied},
		}
	}
	with, without := moments(6), moments(0)
	if got := courseMessage(&harness.Result{}, with); !strings.HasSuffix(got, "; 6 denied") {
		t.Errorf("message %q does not say that 6 were denied", got)
	}
	if got := courseMessage(&harness.Result{}, without); strings.Contains(got, "denied") {
		t.Errorf("message %q speaks of denials", got)
	}
	if got := courseLines(with).denied; len(got) != 2 || got[0].y != 0 || got[1].y != 6 {
		t.Errorf("line of denials %v, want 0 and 6 a second", got)
	}
	if got := courseLines(without).denied; got != nil {
		t.Errorf("line of denials %v where there were none", got)
	}
	if with, without := courseTable(with), courseTable(without); len(with.Columns) != 6 || len(without.Columns) != 5 {
		t.Errorf("%d and %d columns, want a sixth for denials", len(with.Columns), len(without.Columns))
	}
}

func TestMergedMomentsAddUpDenials(t *testing.T) {
	got := merged([]harness.Moment{{Denied: 2, Length: 1}, {Denied: 3, Length: 1}}, 1)
	if len(got) != 1 || got[0].Denied != 5 {
		t.Errorf("got %+v, want one slice with 5 denied", got)
	}
}
