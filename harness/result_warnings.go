package harness

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// maxWarnings bounds the warnings of a result.
const maxWarnings = 50

// warnings says what weakens a number of the result, trial by trial.
func (j *judgement) warnings() []string {
	var all []string
	if played, planned := len(j.run.Records), planned(j.run.Scenario); played < planned {
		all = append(all, fmt.Sprintf("only %d of %d trials were played", played, planned))
	}
	for _, rec := range j.run.Records {
		for _, w := range recordWarnings(rec, j.summaries[rec]) {
			all = append(all, j.label(rec, w))
		}
	}
	if omitted := len(all) - maxWarnings; omitted > 0 {
		all = append(all[:maxWarnings], fmt.Sprintf("and %d more warnings", omitted))
	}
	return all
}

func recordWarnings(rec *Record, sum Summary) []string {
	var w []string
	if rec.Error != "" {
		w = append(w, "the trial could not be finished: "+rec.Error)
	}
	if rec.Interrupted {
		w = append(w, "the trial was interrupted")
	}
	if sum.Lag.P99 > lateP99 {
		w = append(w, fmt.Sprintf("the generator sent late: lag p99 %v, which is part of every latency", sum.Lag.P99.Round(100*time.Microsecond)))
	}
	if n := rec.Driven.CookiesLost; n > 0 {
		w = append(w, fmt.Sprintf("users had no room for %d cookies, which they did not send back", n))
	}
	w = append(w, rec.Cell.Scenario.Careless()...)
	w = append(w, hostWarnings(rec.Host)...)
	if !rec.Cell.Scenario.Workload.Warm() {
		w = append(w, countWarnings(rec)...)
	}
	return append(append(w, nodeWarnings(rec)...), searchWarnings(sum.Sustained)...)
}

func hostWarnings(h HostUsage) []string {
	if h.Unknown != "" {
		return []string{"CPU use of the machine is not fully known: " + h.Unknown}
	}
	total := float64(h.Wall) * float64(h.Cores)
	if total <= 0 {
		return nil
	}
	var w []string
	if stolen := float64(h.Stolen) / total; stolen > hostStolen {
		w = append(w, fmt.Sprintf("the hypervisor stole %.1f %% of the CPU time", 100*stolen))
	}
	if busy := float64(h.Busy) / total; busy > hostFull {
		w = append(w, fmt.Sprintf("all cores were busy for %.1f %% of the time", 100*busy))
	}
	return w
}

func countWarnings(rec *Record) []string {
	var w []string
	if !rec.Settlement.Settled {
		w = append(w, "the lab had not settled: "+strings.Join(rec.Settlement.Missing, "; "))
	}
	for _, name := range slices.Sorted(maps.Keys(rec.Absent)) {
		w = append(w, fmt.Sprintf("witness %s could not testify: %s", name, rec.Absent[name]))
	}
	return w
}

func nodeWarnings(rec *Record) []string {
	var unlimited, unread []string
	for _, n := range rec.Nodes {
		if n.CPUs > 0 && !n.Limited {
			unlimited = append(unlimited, n.Name)
		}
	}
	for _, u := range rec.Usage {
		if u.Unknown != "" {
			unread = append(unread, strings.TrimPrefix(u.Node+" ("+u.Unknown+")", " "))
		}
	}
	var w []string
	if len(unlimited) > 0 {
		w = append(w, "CPU limit not in force: "+strings.Join(unlimited, ", "))
	}
	if len(unread) > 0 {
		w = append(w, "CPU use not known: "+strings.Join(unread, ", "))
	}
	return w
}

func searchWarnings(s *Sustained) []string {
	switch {
	case OpenTop(s):
		return []string{fmt.Sprintf("every stair met the objective: the sustained rate is at least %.0f/s, the maximum was not seen", s.MetRPS)}
	case s != nil && s.MetRPS == 0:
		return []string{fmt.Sprintf("not even the first stair of %.0f/s met the objective: the sustained rate is not known", s.ViolatedRPS)}
	}
	return nil
}
