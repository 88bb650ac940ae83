package harness

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// searched is a trial of a search with what its summary should say.
type searched struct {
	backends      string
	route         Route
	met, violated float64
	limit         string
}

// searchRun makes records without attempts; summaries are given.
func searchRun(trials []searched) ([]*Record, func(*Record) Summary) {
	summaries := map[*Record]Summary{}
	var records []*Record
	for i, tr := range trials {
		rec := &Record{Trial: i, Cell: Cell{
			Settings: []Setting{{Path: "topology.backend.count", Value: tr.backends}, {Path: routePath, Value: string(tr.route)}},
			Scenario: Scenario{Workload: Workload{Route: tr.route, Search: &Search{}}},
		}}
		sum := Summary{Attempts: 1, Length: time.Second, Sustained: &Sustained{MetRPS: tr.met, ViolatedRPS: tr.violated}}
		if tr.limit == LimitClient {
			sum.Lag.P99 = time.Second
		}
		summaries[rec] = sum
		records = append(records, rec)
	}
	return records, func(rec *Record) Summary { return summaries[rec] }
}

func TestCurvesAreMediansWithinWhatTheSearchesBracketed(t *testing.T) {
	records, summary := searchRun([]searched{
		{"10", RouteProxy, 900, 1000, LimitClient}, // ten comes after two
		{"2", RouteProxy, 200, 240, ""}, {"2", RouteProxy, 210, 250, LimitClient}, {"2", RouteProxy, 190, 260, LimitClient},
		{"2", RouteDirect, 300, 0, ""}, // every stair met
		{"10", RouteProxy, 0, 800, LimitClient},
	})
	want := []Curve{
		{Name: "through HAProxy", XLabel: "backends", YLabel: "sustained requests/s", Points: []CurvePoint{
			{X: 2, Median: 200, Low: 190, High: 260, N: 3, Bottleneck: LimitClient},
			{X: 10, Median: 450, Low: 0, High: 1000, N: 2, Bottleneck: LimitClient},
		}},
		{Name: "direct to the backends", XLabel: "backends", YLabel: "sustained requests/s", Points: []CurvePoint{
			{X: 2, Median: 300, Low: 300, High: 300, N: 1, Bottleneck: LimitUnknown},
		}},
	}
	if diff := cmp.Diff(want, curves(records, summary)); diff != "" {
		t.Error(diff)
	}
}

func TestIntervalNarrowsWithTrialsButNeverBelowTheBracket(t *testing.T) {
	var trials []searched
	for i := range 41 {
		met := 100 + float64(i-20) // 80 to 120
		trials = append(trials, searched{"4", RouteProxy, met, met + 10, ""})
	}
	records, summary := searchRun(trials)
	p := curves(records, summary)[0].Points[0]
	if p.Median != 100 || p.Low < 85 || p.Low > 100 || p.High < 110 || p.High > 125 {
		t.Errorf("%+v", p)
	}
}

func TestACellWithoutACountOrASearchHasNoCurve(t *testing.T) {
	search := Scenario{Workload: Workload{Search: &Search{}}}
	for name, cell := range map[string]Cell{
		"no axis":        {Scenario: search},
		"no search":      {Settings: []Setting{{"topology.backend.count", "2"}}},
		"no count":       {Scenario: search, Settings: []Setting{{"workload.rate", "2000/s"}}},
		"count is words": {Scenario: search, Settings: []Setting{{"topology.backend.count", "many"}}},
	} {
		if curve, x, ok := CurveOf(cell); ok {
			t.Errorf("%s: %s at %v", name, curve, x)
		}
	}
}

func TestCurveIsNamedAfterItsOtherAxes(t *testing.T) {
	cell := Cell{
		Scenario: Scenario{Workload: Workload{Search: &Search{}, Route: RouteDirect}},
		Settings: []Setting{{"topology.proxy.count", "3"}, {"topology.backend.count", "4"}, {routePath, "direct"}},
	}
	name, x, ok := CurveOf(cell)
	if name != "direct to the backends, topology.proxy.count=3" || x != 4 || !ok {
		t.Errorf("%s at %v, %v", name, x, ok)
	}
}

func TestOpenTopIsASearchThatNeverBroke(t *testing.T) {
	for _, test := range []struct {
		s    *Sustained
		want bool
	}{{nil, false}, {&Sustained{MetRPS: 5}, true}, {&Sustained{MetRPS: 5, ViolatedRPS: 6}, false}, {&Sustained{ViolatedRPS: 6}, false}} {
		if got := OpenTop(test.s); got != test.want {
			t.Errorf("%+v: %v", test.s, got)
		}
	}
}

// From attempts to curve: three stairs of which the last fails.
func TestCurvesComeFromTheAttempts(t *testing.T) {
	sc := Scenario{Workload: Workload{Search: &Search{
		Step: time.Second, Stairs: 3, Objective: Objective{Quantile: 0.99, Latency: 100 * ms, Achieved: 0.98},
	}}}
	rec := &Record{
		Cell:   Cell{Scenario: sc, Settings: []Setting{{"topology.backend.count", "1"}}},
		Driven: Driven{StairRPS: []float64{100, 200, 300}, Length: 3 * time.Second},
	}
	var seq uint64
	for stair, rate := range []int{100, 200, 300} {
		for i := range rate {
			at := time.Duration(stair)*time.Second + time.Duration(i)*time.Second/time.Duration(rate)
			took := 10 * ms
			if stair == 2 {
				took = 150 * ms
			}
			rec.Attempts = append(rec.Attempts, Attempt{Seq: seq, Stair: stair, Intended: at, Sent: at, Done: at + took, Status: 200, Outcome: OK})
			seq++
		}
	}
	rec.Driven.Offered = seq
	got := Curves(&Run{Records: []*Record{rec}})
	want := []Curve{{Name: "through HAProxy", XLabel: "backends", YLabel: "sustained requests/s",
		Points: []CurvePoint{{X: 1, Median: 200, Low: 200, High: 300, N: 1, Bottleneck: LimitUnknown}}}}
	near := cmpopts.EquateApprox(0.02, 0)
	if diff := cmp.Diff(want, got, near); diff != "" || math.IsNaN(got[0].Points[0].Low) {
		t.Error(diff)
	}
}
