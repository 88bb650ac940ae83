package check

import (
	"strings"
	"testing"

	"github.com/haproof/haproof/harness"
)

func curve(name string, points ...harness.CurvePoint) harness.Curve {
	return harness.Curve{Name: name, XLabel: "backends", Points: points}
}

func at(x, low, median, high float64) harness.CurvePoint {
	return harness.CurvePoint{X: x, Low: low, Median: median, High: high, N: 3, Bottleneck: "backend"}
}

func TestScalesWithBackendsDecidesByTheEndsOfTheIntervals(t *testing.T) {
	proxy := func(points ...harness.CurvePoint) []harness.Curve {
		return []harness.Curve{curve(harness.ProxyCurve, points...)}
	}
	for _, test := range []struct {
		why    string
		curves []harness.Curve
		open   map[point]bool
		status harness.Status
		says   string
	}{
		{"linear", proxy(at(1, 95, 100, 105), at(2, 190, 200, 210), at(8, 760, 800, 840)), nil,
			harness.Pass, "from 1 to 8 backends the sustained rate grew from 100/s to 800/s, 1.00 of linear (0.90 to 1.11, n = 3 and 3); the limit at 8 backends is the backend"},
		{"flat", proxy(at(1, 95, 100, 105), at(8, 100, 110, 120)), nil, harness.Fail, "0.14 of linear (0.12 to 0.16"},
		{"interval over the limit", proxy(at(1, 80, 100, 120), at(8, 350, 420, 500)), nil, harness.Unknown, "wanted is 0.50, which the interval does not decide"},
		{"starts at two", proxy(at(2, 190, 200, 210), at(4, 380, 400, 420)), nil, harness.Pass, "1.00 of linear"},
		{"top not seen, low enough", proxy(at(1, 95, 100, 105), at(8, 760, 800, 840)), map[point]bool{{harness.ProxyCurve, 8}: true}, harness.Pass, "at least 0.90"},
		{"top not seen, cannot fail", proxy(at(1, 95, 100, 105), at(8, 100, 110, 120)), map[point]bool{{harness.ProxyCurve, 8}: true}, harness.Unknown, ""},
		{"first point's top not seen, cannot pass", proxy(at(1, 95, 100, 105), at(8, 760, 800, 840)), map[point]bool{{harness.ProxyCurve, 1}: true}, harness.Unknown, ""},
		{"first point met nothing at the low end", proxy(at(1, 0, 100, 105), at(8, 100, 110, 120)), nil, harness.Unknown, ""},
		{"first point met nothing", proxy(at(1, 0, 0, 50), at(8, 100, 110, 120)), nil, harness.Unknown, "nothing to compare with"},
		{"one point", proxy(at(4, 1, 2, 3)), nil, harness.Unknown, "1 points make no curve"},
		{"only direct", []harness.Curve{curve(harness.DirectCurve, at(1, 95, 100, 105), at(8, 760, 800, 840))}, nil, harness.Unknown, "no curve through the proxy"},
		{"over something else", []harness.Curve{{Name: harness.ProxyCurve, XLabel: "proxies", Points: proxy(at(1, 1, 1, 1), at(2, 2, 2, 2))[0].Points}}, nil, harness.Unknown, "no curve"},
		{"no curves", nil, nil, harness.Unknown, "no curve"},
		{"the worst of several curves counts", []harness.Curve{
			curve(harness.ProxyCurve+", x=1", at(1, 95, 100, 105), at(8, 760, 800, 840)),
			curve(harness.ProxyCurve+", x=2", at(1, 95, 100, 105), at(8, 100, 110, 120)),
		}, nil, harness.Fail, "x=2"},
	} {
		v := scalesWithBackends{efficiency: 0.5}.judge(test.curves, test.open)
		if v.Status != test.status || !strings.Contains(v.Sentence, test.says) {
			t.Errorf("%s: got %s %q, want %s %q", test.why, v.Status, v.Sentence, test.status, test.says)
		}
	}
}

func TestScalesWithBackendsSaysWhatTheProxyCosts(t *testing.T) {
	v := scalesWithBackends{efficiency: 0.5}.judge([]harness.Curve{
		curve(harness.ProxyCurve, at(1, 95, 100, 105), at(2, 190, 200, 210)),
		curve(harness.DirectCurve, at(1, 100, 125, 130), at(2, 200, 210, 220)),
	}, nil)
	if !hasFinding(v, "1 backends: 100/s (95 to 105, n = 3), limit the backend; 80.0 % of the 125/s straight to the backends") ||
		!hasFinding(v, "95.2 % of the 210/s") {
		t.Errorf("findings %+v", v.Findings)
	}
}

func TestScalesWithBackendsIsUnknownWithoutRecords(t *testing.T) {
	judge, err := New(harness.CheckSpec{Name: "scales-with-backends"})
	if err != nil {
		t.Fatal(err)
	}
	v := judge.(harness.RunCheck).JudgeRun(&harness.Run{Records: []*harness.Record{good()}})
	if v.Status != harness.Unknown || v.Check != "scales-with-backends" {
		t.Errorf("%+v", v)
	}
}
