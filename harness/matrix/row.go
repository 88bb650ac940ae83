package matrix

import (
	"strings"
	"time"

	"github.com/haproof/haproof/harness"
)

// Row is what one fault did with one style of keys and one version of HAProxy, over
// all trials of the cell.
type Row struct {
	Fault    string           `json:"fault"` // name of the scenario
	Style    harness.KeyStyle `json:"style"`
	Also     string           `json:"also,omitempty"` // the other axes' values of the cell, if any
	Version  string           `json:"version"`        // as asked for, such as 2.6
	HAProxy  string           `json:"haproxy,omitempty"`
	Engine   string           `json:"engine"`
	Scenario string           `json:"scenario"` // fingerprint of what was played
	Question string           `json:"question"`
	Command  string           `json:"command"` // that reproduces the cell

	// Of the tracker that erred most, where there are several.
	Truth       harness.Tally `json:"truth"`
	Counted     uint64        `json:"counted"`
	Lost        uint64        `json:"lost"`
	Doubled     uint64        `json:"doubled"`
	WantLost    string        `json:"wantLost,omitempty"`    // as the scenario has it, such as 1..stopping
	WantDoubled string        `json:"wantDoubled,omitempty"` // likewise

	Recovery    time.Duration  `json:"recoveryNs"`    // longest time from a fault's beginning until the lab was whole
	Convergence time.Duration  `json:"convergenceNs"` // longest time from the last answer until nobody had anything left to say
	Trials      int            `json:"trials"`
	Verdict     harness.Status `json:"verdict"`
	Sentence    string         `json:"sentence"`
	Why         string         `json:"why,omitempty"` // it was not played at all, for this reason
}

// Run says of which question a judged run is the answer.
type Run struct {
	Version     string // as asked for
	Fingerprint string // of the scenario
	Command     func(cell harness.Cell) string
}

// Rows makes a row of each cell of a judged run.
func (r Run) Rows(result *harness.Result) []Row {
	var rows []Row
	for _, cell := range result.Cells {
		row := r.Row(cell.Cell, result.Scenario, result.Environment.Engine)
		for _, trial := range cell.Trials {
			row.add(trial)
		}
		rows = append(rows, row)
	}
	return rows
}

// Row is that of a cell before anything is known of it.
func (r Run) Row(cell harness.Cell, sc harness.Scenario, engine string) Row {
	row := Row{
		Fault: sc.Name, Style: cell.Scenario.Topology.KeyStyle(), Version: r.Version, Engine: engine,
		Scenario: r.Fingerprint, Question: sc.Question, Command: r.Command(cell), Verdict: harness.Pass,
	}
	var also []string
	for _, s := range cell.Settings {
		if s.Path != StyleAxis {
			also = append(also, s.Path[strings.LastIndexByte(s.Path, '.')+1:]+"="+s.Value)
		}
	}
	row.Also = strings.Join(also, ",")
	return row
}

// StyleAxis is the path of the axis over styles of keys.
const StyleAxis = "topology." + harness.TierProxy + ".keys"

// NotPlayed is the row with the reason why there is nothing in it: never a pass.
func (r Row) NotPlayed(why string) Row {
	r.Verdict, r.Why = harness.Unknown, why
	return r
}

func (r *Row) add(trial harness.TrialResult) {
	r.Trials++
	for _, n := range trial.Nodes {
		if strings.HasPrefix(n.Name, harness.TierProxy) {
			r.HAProxy = n.Version
		}
	}
	r.charge(trial.Charged)
	for _, d := range trial.Disturbances {
		r.Recovery = max(r.Recovery, d.Whole-d.Began)
	}
	r.Convergence = max(r.Convergence, trial.Settlement.Took)
	r.judge(trial)
}

// charge adds what a trial's tracker erred, of several the one that erred most.
func (r *Row) charge(charges []harness.Charge) {
	var worst harness.Charge
	for i, c := range charges {
		if i == 0 || c.Lost+c.Doubled > worst.Lost+worst.Doubled {
			worst = c
		}
	}
	r.Truth.Sure += worst.Truth.Sure
	r.Truth.Unsure += worst.Truth.Unsure
	r.Counted += worst.Counted
	r.Lost += worst.Lost
	r.Doubled += worst.Doubled
	if len(charges) > 0 {
		r.WantLost, r.WantDoubled = worst.LostRange.Text, worst.DoubledRange.Text
	}
}

// judge takes the worst verdict of the checks that weigh, and its sentence; of a
// trial that passes, the sentence of the scenario's central check, which is the last.
func (r *Row) judge(trial harness.TrialResult) {
	worst, sentence := harness.Pass, ""
	for _, v := range trial.Verdicts {
		if !v.Advisory && weight(v.Status) >= weight(worst) {
			worst, sentence = v.Status, v.Check+": "+v.Sentence
		}
	}
	if sentence == "" {
		worst, sentence = harness.Unknown, "no check judged it"
	}
	if why := unfinished(trial); why != "" && worst != harness.Fail {
		worst, sentence = harness.Unknown, why
	}
	if r.Sentence == "" || weight(worst) > weight(r.Verdict) {
		r.Verdict, r.Sentence = worst, sentence
	}
}

func unfinished(trial harness.TrialResult) string {
	switch {
	case trial.Error != "":
		return "the trial could not be finished: " + trial.Error
	case trial.Interrupted:
		return "the trial was interrupted"
	}
	return ""
}

// weight orders the statuses: fail outweighs unknown outweighs pass.
func weight(s harness.Status) int {
	return map[harness.Status]int{harness.Pass: 0, harness.Unknown: 1, harness.Fail: 2}[s]
}
