package reports

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

// sweepOf is a result with one trial per point: a curve through the proxy and one
// without, at one and at eight backends.
func sweepOf(proxy, direct [2]harness.CurvePoint) *harness.Result {
	r := &harness.Result{Scenario: harness.Scenario{Workload: harness.Workload{Search: &harness.Search{}}}}
	for route, points := range map[harness.Route][2]harness.CurvePoint{harness.RouteProxy: proxy, harness.RouteDirect: direct} {
		for i, x := range []string{"1", "8"} {
			cell := harness.Cell{Settings: []harness.Setting{{Path: "topology.backend.count", Value: x}, {Path: "workload.route", Value: string(route)}}}
			cell.Scenario.Workload = harness.Workload{Search: &harness.Search{}, Route: route}
			found := &harness.Sustained{MetRPS: points[i].Median, ViolatedRPS: points[i].High}
			r.Cells = append(r.Cells, harness.CellResult{Cell: cell, Trials: []harness.TrialResult{{Summary: harness.Summary{Sustained: found}}}})
		}
	}
	r.Curves = []harness.Curve{
		{Name: harness.ProxyCurve, XLabel: "backends", Points: proxy[:]},
		{Name: harness.DirectCurve, XLabel: "backends", Points: direct[:]},
	}
	return r
}

func at(x, low, median, high float64) harness.CurvePoint {
	return harness.CurvePoint{X: x, Low: low, Median: median, High: high, N: 3}
}

func TestTitleClaimsNoMoreThanTheIntervalsAllow(t *testing.T) {
	first := at(1, 95, 100, 105)
	narrow := [2]harness.CurvePoint{first, at(8, 590, 600, 610)}
	for _, test := range []struct {
		name          string
		proxy, direct [2]harness.CurvePoint
		open          bool // the direct search at eight backends met every stair
		want          string
	}{
		{"apart", narrow, [2]harness.CurvePoint{first, at(8, 790, 800, 810)}, false,
			"HAProxy sustains 75 % (73 % to 77 %) of direct throughput; 6× (5.62× to 6.42×) from 1 to 8 backends"},
		{"wide", [2]harness.CurvePoint{first, at(8, 300, 600, 900)}, [2]harness.CurvePoint{first, at(8, 400, 800, 900)}, false,
			"HAProxy cannot be told apart from direct throughput: 75 % (33 % to 225 %); 6× (2.86× to 9.47×) from 1 to 8 backends"},
		{"the reference has no top", narrow, [2]harness.CurvePoint{first, at(8, 790, 800, 800)}, true,
			"HAProxy sustains at most 77 % of direct throughput; 6× (5.62× to 6.42×) from 1 to 8 backends"},
		{"the first point may be nothing", [2]harness.CurvePoint{at(1, 0, 100, 105), at(8, 590, 600, 610)}, [2]harness.CurvePoint{first, at(8, 790, 800, 810)}, false,
			"HAProxy sustains 75 % (73 % to 77 %) of direct throughput; at least 5.62× from 1 to 8 backends"},
	} {
		r := sweepOf(test.proxy, test.direct)
		if test.open {
			for _, ct := range trials(r) {
				if ct.cell.Cell.Scenario.Workload.Route == harness.RouteDirect && ct.cell.Cell.Settings[0].Value == "8" {
					ct.trial.Summary.Sustained.ViolatedRPS = 0
				}
			}
		}
		if diff := cmp.Diff(test.want, throughputMessage(r, curvesOf(r))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestHeadlineFactorsBearTheirInterval(t *testing.T) {
	r := sweepOf([2]harness.CurvePoint{at(1, 95, 100, 105), at(8, 300, 600, 900)}, [2]harness.CurvePoint{at(1, 95, 100, 105), at(8, 400, 800, 900)})
	var got []string
	for _, f := range rateFacts(r) {
		got = append(got, f.Figure+" "+f.Label)
	}
	want := []string{
		"600/s sustained with 8 backends (300 to 900, n = 3)",
		"6× from 1 to 8 backends (2.86× to 9.47×)",
		"75 % of direct throughput at 8 backends (33 % to 225 %)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

func TestSpanSaysWhichEndIsMissing(t *testing.T) {
	for want, s := range map[string]span{
		"2 (1 to 3)":        {1, 2, 3},
		"at least 1":        {1, 2, math.Inf(1)},
		"at most 3":         {0, 2, 3},
		"no bound was seen": {0, 2, math.Inf(1)},
	} {
		if got := s.write(decimal); got != want {
			t.Errorf("%v: got %q, want %q", s, got, want)
		}
	}
}

func TestPercentilesTitleCallsNothingAnAnswerThatIsNone(t *testing.T) {
	q := harness.Quantiles{N: 1000, P99: 5 * time.Millisecond, Max: 9 * time.Millisecond}
	few := q
	few.N = 60
	for want, s := range map[string]*harness.Summary{
		"99 % of answers came within 5 ms of the time they were due":                                                 {Attempts: 1000, OK: 1000, Response: q},
		"99 % of attempts ended, answered or not, within 5 ms of the time they were due; 400 without a clear answer": {Attempts: 1000, OK: 600, Response: q},
		"All 60 answers came within 9 ms":                                                                            {Attempts: 60, OK: 60, Response: few},
	} {
		if got := percentilesMessage(s); !strings.HasPrefix(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
