package harness

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/haproof/haproof/harness/stats"
)

// curveConfidence is the confidence of the interval around each point.
const curveConfidence = 0.95

// Curves draws sustained rates over a count, one curve for each setting of the
// other axes. Only searches have points. A point is the median over trials of
// the highest rate that met the objective. Its interval reaches from the low end
// of the bootstrap interval of that median to the high end of the bootstrap
// interval of the median rate that violated it: the maximum of each trial lies
// between the two, so resolution of the search and spread of the trials both
// show. One trial gives its bracket. Where a search found no violated rate its
// met rate stands in, and the true maximum lies higher: OpenTop says so.
func Curves(run *Run) []Curve {
	return curves(run.Records, func(rec *Record) Summary { return Summarise(rec) })
}

// CurveOf returns the curve that a cell belongs to and its place on the axis of
// counts; ok is false for a cell that has none.
func CurveOf(cell Cell) (name string, x float64, ok bool) {
	at := countSetting(cell.Settings)
	if at < 0 || cell.Scenario.Workload.Search == nil {
		return "", 0, false
	}
	x, err := strconv.ParseFloat(cell.Settings[at].Value, 64)
	if err != nil {
		return "", 0, false
	}
	names := []string{routeName(cell.Scenario.Workload.Route)}
	for i, s := range cell.Settings {
		if i != at && s.Path != routePath {
			names = append(names, s.Path+"="+s.Value)
		}
	}
	return strings.Join(names, ", "), x, true
}

// OpenTop says whether a trial's search met its objective on every stair, so
// that its maximum is not known.
func OpenTop(s *Sustained) bool { return s != nil && s.MetRPS > 0 && s.ViolatedRPS == 0 }

// DirectCurve is how the name of a curve without a proxy begins, ProxyCurve how
// that of one through the proxy does.
const (
	DirectCurve = "direct to the backends"
	ProxyCurve  = "through HAProxy"
)

const (
	routePath = "workload.route"
	countEnd  = ".count"
)

func routeName(r Route) string {
	if r == RouteDirect {
		return DirectCurve
	}
	return ProxyCurve
}

// countSetting finds the axis of the plot: the count of backends, or else the
// first count.
func countSetting(settings []Setting) int {
	backends := func(s Setting) bool { return s.Path == "topology."+TierBackend+countEnd }
	if at := slices.IndexFunc(settings, backends); at >= 0 {
		return at
	}
	return slices.IndexFunc(settings, func(s Setting) bool { return strings.HasSuffix(s.Path, countEnd) })
}

// samples are the trials of one point.
type samples struct {
	met, violated []float64
	bottlenecks   []string
}

func curves(records []*Record, summary func(*Record) Summary) []Curve {
	lines := map[string]map[float64]*samples{}
	labels := map[string]string{}
	for _, rec := range records {
		name, x, ok := CurveOf(rec.Cell)
		if !ok {
			continue
		}
		sum := summary(rec)
		if sum.Sustained == nil {
			continue
		}
		if lines[name] == nil {
			lines[name] = map[float64]*samples{}
		}
		if lines[name][x] == nil {
			lines[name][x] = &samples{}
		}
		lines[name][x].add(rec, sum)
		labels[name] = countLabel(rec.Cell.Settings)
	}
	var list []Curve
	for name, points := range lines {
		list = append(list, Curve{Name: name, XLabel: labels[name], YLabel: "sustained requests/s", Points: pointsOf(points)})
	}
	slices.SortFunc(list, func(a, b Curve) int {
		return cmp.Or(cmp.Compare(rankOf(a), rankOf(b)), cmp.Compare(a.Name, b.Name))
	})
	return list
}

func (s *samples) add(rec *Record, sum Summary) {
	s.met = append(s.met, sum.Sustained.MetRPS)
	s.violated = append(s.violated, max(sum.Sustained.ViolatedRPS, sum.Sustained.MetRPS))
	s.bottlenecks = append(s.bottlenecks, Bottleneck(rec, sum))
}

func pointsOf(at map[float64]*samples) []CurvePoint {
	var points []CurvePoint
	for x, s := range at {
		const seed = 1 // the same record gives the same interval
		points = append(points, CurvePoint{
			X: x, N: len(s.met),
			Median:     stats.Median(s.met),
			Low:        stats.MedianInterval(s.met, curveConfidence, seed).Low,
			High:       stats.MedianInterval(s.violated, curveConfidence, seed).High,
			Bottleneck: mostFrequent(s.bottlenecks),
		})
	}
	slices.SortFunc(points, func(a, b CurvePoint) int { return cmp.Compare(a.X, b.X) })
	return points
}

// rankOf puts curves through the proxy first.
func rankOf(c Curve) int {
	if strings.HasPrefix(c.Name, DirectCurve) {
		return 1
	}
	return 0
}

func countLabel(settings []Setting) string {
	path := strings.Split(settings[countSetting(settings)].Path, ".")
	switch tier := path[max(0, len(path)-2)]; tier {
	case TierBackend, TierTracker:
		return tier + "s"
	case TierProxy:
		return "proxies"
	default:
		return tier + " count"
	}
}

// mostFrequent returns the word that occurs most often, of several the first
// in alphabetical order.
func mostFrequent(words []string) string {
	counts := map[string]int{}
	for _, w := range words {
		counts[w]++
	}
	best := ""
	for w, n := range counts {
		if n > counts[best] || n == counts[best] && w < best {
			best = w
		}
	}
	return best
}
