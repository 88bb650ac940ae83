package harness

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/haproof/haproof/harness/stats"
)

// Cost is what one state of the trackers costs the proxies, compared with the
// reference, whose proxies do not track: TrackerOff.
type Cost struct {
	Name  string       `json:"name"`  // the other settings, such as topology.proxy.version=3.0; empty where there are none
	State TrackerState `json:"state"` // of the trackers
	Rate  Change       `json:"rate"`  // capacity in a closed loop, answers per second
	P99   Change       `json:"p99"`   // response time at the workload's rate, in seconds
	CPU   Change       `json:"cpu"`   // CPU time of all proxies per attempt at the workload's rate, in seconds
}

// Change compares one quantity with the reference. Trial i of a cell is compared
// with trial i of the reference: the two were played close to each other, so that
// drift of the machine meets both alike.
type Change struct {
	Median    float64 `json:"median"`    // of the quantity itself
	Reference float64 `json:"reference"` // its median in the reference
	Ratio     float64 `json:"ratio"`     // median over the pairs of the one by the other
	Low       float64 `json:"low"`       // of the ratio's interval: bootstrap over the pairs
	High      float64 `json:"high"`
	N         int     `json:"n"` // pairs; 0 where nothing can be said, and all else is 0 then
}

// costConfidence is the confidence of the interval around each ratio.
const costConfidence = 0.95

// statePath is the axis along which costs are compared.
const statePath = "topology." + TierTracker + ".state"

// Costs compares the cells that differ in the state of their trackers only, if one
// of them is off. They come by name in the order of the records, and by state.
func Costs(run *Run) []Cost {
	return costs(inOrder(run).Records, func(rec *Record) Summary { return Summarise(rec) })
}

// block is one trial of all states.
type block struct {
	name  string
	trial int
}

// burden is what one trial saw of the proxies; NaN is not known.
type burden struct{ rate, p99, cpu float64 }

func costs(records []*Record, summary func(*Record) Summary) []Cost {
	seen := map[TrackerState]map[block]burden{}
	var names []string
	for _, rec := range records {
		name, ok := costName(rec.Cell)
		if !ok || rec.Error != "" || rec.Interrupted {
			continue
		}
		state := rec.Cell.Scenario.Topology.Tracking()
		if seen[state] == nil {
			seen[state] = map[block]burden{}
		}
		seen[state][block{name, rec.Trial}] = burdenOf(rec, summary(rec))
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	var list []Cost
	for _, name := range names {
		for _, state := range trackerStates {
			pairs := pairsOf(name, seen[TrackerState(state)], seen[TrackerOff])
			if state == string(TrackerOff) || len(pairs) == 0 {
				continue
			}
			list = append(list, Cost{
				Name: name, State: TrackerState(state),
				Rate: changeOf(pairs, func(b burden) float64 { return b.rate }),
				P99:  changeOf(pairs, func(b burden) float64 { return b.p99 }),
				CPU:  changeOf(pairs, func(b burden) float64 { return b.cpu }),
			})
		}
	}
	return list
}

// costName joins the settings of a cell but for the state; ok is false for a cell
// whose state is no setting.
func costName(cell Cell) (name string, ok bool) {
	var others []string
	for _, s := range cell.Settings {
		if s.Path == statePath {
			ok = true
			continue
		}
		others = append(others, s.Path+"="+s.Value)
	}
	return strings.Join(others, ", "), ok
}

func burdenOf(rec *Record, sum Summary) burden {
	b := burden{rate: math.NaN(), p99: math.NaN(), cpu: math.NaN()}
	if rec.Capacity != nil && rec.Capacity.RPS > 0 {
		b.rate = rec.Capacity.RPS
	}
	if len(rec.Attempts) == 0 {
		return b
	}
	b.p99 = sum.Response.P99.Seconds()
	if cpu, known := proxyCPU(rec); known {
		b.cpu = cpu.Seconds() / float64(len(rec.Attempts))
	}
	return b
}

// proxyCPU is what all proxies used while driving, if that is known of each.
func proxyCPU(rec *Record) (cpu time.Duration, known bool) {
	for _, n := range rec.Nodes {
		if n.Tier != TierProxy {
			continue
		}
		i := slices.IndexFunc(rec.Usage, func(u Usage) bool { return u.Node == n.Name })
		if i < 0 || rec.Usage[i].Unknown != "" {
			return 0, false
		}
		cpu += rec.Usage[i].CPU
	}
	return cpu, cpu > 0
}

// pair is one trial beside the reference's.
type pair struct{ trial, reference burden }

func pairsOf(name string, state, reference map[block]burden) []pair {
	var pairs []pair
	for at, b := range state {
		if r, ok := reference[at]; ok && at.name == name {
			pairs = append(pairs, pair{b, r})
		}
	}
	return pairs
}

// changeOf takes logarithms, in which twice and half are equally far from equal.
func changeOf(pairs []pair, of func(burden) float64) Change {
	var values, references, logs []float64
	for _, p := range pairs {
		value, reference := of(p.trial), of(p.reference)
		if value > 0 && reference > 0 { // false for NaN
			values, references = append(values, value), append(references, reference)
			logs = append(logs, math.Log(value/reference))
		}
	}
	if len(logs) == 0 {
		return Change{}
	}
	const seed = 1 // the same records give the same interval
	in := stats.MedianInterval(logs, costConfidence, seed)
	return Change{
		Median: stats.Median(values), Reference: stats.Median(references), N: len(logs),
		Ratio: math.Exp(stats.Median(logs)), Low: math.Exp(in.Low), High: math.Exp(in.High),
	}
}
