package harness

import (
	"fmt"
	"slices"
	"time"
)

// Thresholds of the rule for servers of which nothing is known.
const (
	answeredEnough = 0.99 // of the attempts, or of the offered rate
	slowerAndSlow  = 2    // times the response time at the beginning, at the end
	tellingMoments = 8    // of the series, of fewer nobody sees a trend
)

// server looks for a server that was too slow, where no node is known that could be
// looked at. The client is known to be fit by then.
func (e evidence) server() (Limit, bool) {
	if len(e.rec.Nodes) == 0 {
		return Limit{}, false // nothing is known of the trial at all
	}
	for _, n := range e.rec.Nodes {
		if n.Tier == TierProxy || n.Tier == TierBackend {
			return Limit{}, false
		}
	}
	if users := e.rec.Cell.Scenario.Workload.Users; users != nil && users.Count > 0 && users.Think == 0 {
		return Limit{LimitServer, "", fmt.Sprintf("%d users, who ask again at once, waited for answers all the time; the client had time to spare", users.Count)}, true
	}
	denied := e.sum.Causes[CauseDenied]
	if answered := float64(e.sum.OK+denied) / float64(e.sum.Attempts); answered < answeredEnough {
		return Limit{LimitServer, "", fmt.Sprintf("%.1f %% of the attempts were answered; the client had time to spare", 100*answered)}, true
	}
	early, late := e.trend()
	if e.sum.AchievedRPS < answeredEnough*e.sum.OfferedRPS && early > 0 && late >= slowerAndSlow*early {
		return Limit{LimitServer, "", fmt.Sprintf("it answered %.0f of %.0f requests/s, and the median response time rose from %v to %v; the client had time to spare",
			e.sum.AchievedRPS, e.sum.OfferedRPS, shortened(early), shortened(late))}, true
	}
	return Limit{}, false
}

// trend returns the median response time in the first and in the last quarter of the
// time, 0 where there is too little of it.
func (e evidence) trend() (early, late time.Duration) {
	var medians []time.Duration
	for _, m := range e.sum.Series {
		if m.Done > 0 {
			medians = append(medians, m.P50)
		}
	}
	if len(medians) < tellingMoments {
		return 0, 0
	}
	quarter := len(medians) / 4
	return middle(medians[:quarter]), middle(medians[len(medians)-quarter:])
}

func middle(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}
