package harness

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// outageRecord is a trial in which a tracker is stopped from 2 s to 5 s; p99 is the
// time that each attempt takes before, during and after.
func outageRecord(trial int, state TrackerState, before, during, after time.Duration) *Record {
	rec := &Record{Trial: trial, Driven: Driven{Length: 8 * second}}
	rec.Cell.Settings = []Setting{{Path: "topology.proxy.version", Value: "3.0"}, {Path: statePath, Value: string(state)}}
	rec.Cell.Name = "3.0," + string(state)
	rec.Cell.Scenario.Topology = Topology{TierTracker: {State: state}}
	rec.Disturbances = []Disturbance{faultAt("tracker1", 2*second, 5*second, 5*second)}
	if state == TrackerOff { // whose sham takes less time
		rec.Disturbances[0].Sham, rec.Disturbances[0].Ended, rec.Disturbances[0].Whole = true, 3*second, 3*second
	}
	rec.Attempts = steady(8*second, func(end time.Duration) time.Duration {
		switch {
		case end < 2*second:
			return before
		case end < 5*second:
			return during
		}
		return after
	})
	return rec
}

func TestOutagesAreComparedWithTheShamOrWithWhatWasBefore(t *testing.T) {
	const ms = time.Millisecond
	up := []*Record{outageRecord(1, TrackerUp, ms, 4*ms, 3*ms), outageRecord(2, TrackerUp, ms, 4*ms, 3*ms)}
	off := []*Record{outageRecord(1, TrackerOff, ms, 2*ms, ms), outageRecord(2, TrackerOff, ms, 2*ms, ms)}
	broken := outageRecord(3, TrackerUp, ms, 99*ms, 99*ms)
	broken.Error = "the lab fell over"
	thin := outageRecord(3, TrackerUp, ms, 99*ms, 99*ms)
	thin.Attempts = thin.Attempts[:99]
	change := func(median, reference time.Duration, ratio float64, n int) Change {
		return Change{Median: median.Seconds(), Reference: reference.Seconds(), Ratio: ratio, Low: ratio, High: ratio, N: n}
	}
	outage := Outage{Name: "topology.proxy.version=3.0", State: TrackerUp, Fault: up[0].Disturbances[0].Fault}
	withSham, alone := outage, outage
	withSham.Reference, withSham.During, withSham.After = ReferenceOff, change(4*ms, 2*ms, 2, 2), change(3*ms, ms, 3, 2)
	alone.Reference, alone.During, alone.After = ReferenceBefore, change(4*ms, ms, 4, 2), change(3*ms, ms, 3, 2)
	for _, row := range []struct {
		why     string
		records []*Record
		want    []Outage
	}{
		{"with a sham", []*Record{up[0], off[0], off[1], up[1]}, []Outage{withSham}},
		{"without", up, []Outage{alone}},
		{"a trial that broke off is none", append(up, broken), []Outage{alone}},
		{"a phase of few attempts is none", append(up, thin), []Outage{alone}},
		{"shams alone are no outage", off, nil},
	} {
		got := Outages(&Run{Records: row.records})
		if diff := cmp.Diff(row.want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Errorf("%s: %s", row.why, diff)
		}
	}
}
