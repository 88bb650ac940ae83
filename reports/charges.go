package reports

import (
	"strconv"

	"github.com/haproof/haproof/harness"
)

// chargeTable shows what each tracker lost or charged twice, beside what the scenario
// expects.
func chargeTable(r *harness.Result) table {
	tab := table{
		Title: "What the trackers lost and charged twice",
		Note: "True: the dynamic answers that must be charged, and those that may be, as their client did not see them. " +
			"Lost and doubled are sums over the customers, so that one customer's do not make up for another's.",
		Columns: []column{left("tracker"), right("true"), right("counted"), right("lost"), left("expected"), right("doubled"), left("expected")},
	}
	all := trials(r)
	if len(all) > 1 {
		tab.Columns = append([]column{left("trial")}, tab.Columns...)
	}
	for _, ct := range all {
		for _, c := range ct.trial.Charged {
			cells := []string{word(c.Tracker), tally(c.Truth), count(c.Counted), count(c.Lost), rangeText(c.LostRange), count(c.Doubled), rangeText(c.DoubledRange)}
			if len(all) > 1 {
				cells = append([]string{ct.name(r)}, cells...)
			}
			tab.add(chargeMark(c), cells...)
		}
	}
	tab.limit(maxTrialRows)
	return tab
}

// chargeMark says whether a tracker did as expected.
func chargeMark(c harness.Charge) string {
	switch {
	case c.LostRange.Text == "" || c.DoubledRange.Text == "":
		return "unknown"
	case c.LostRange.Holds(c.Lost) && c.DoubledRange.Holds(c.Doubled):
		return ""
	}
	return "fail"
}

// rangeText writes 0, or 0..stopping (0 to 12).
func rangeText(r harness.Range) string {
	text := word(r.Text)
	switch {
	case text == "":
		return "not known"
	case r.Low == r.High && text == strconv.FormatUint(r.Low, 10):
		return count(r.Low)
	case r.Low == r.High:
		return text + " (" + count(r.Low) + ")"
	}
	return text + " (" + count(r.Low) + " to " + count(r.High) + ")"
}

// chargeFacts are the figures of a trial whose trackers were judged by check charged.
func chargeFacts(t *harness.TrialResult) []fact {
	if len(t.Charged) == 0 {
		return nil
	}
	sum, class := t.Charged[0], "pass"
	for i, c := range t.Charged {
		if i > 0 {
			sum.Lost, sum.Doubled = max(sum.Lost, c.Lost), max(sum.Doubled, c.Doubled)
		}
		if mark := chargeMark(c); mark != "" && class != "fail" {
			class = mark
		}
	}
	return []fact{
		{Figure: tally(sum.Truth), Label: noun(sum.Truth.Sure, "dynamic answer")},
		{Figure: count(sum.Lost), Label: "lost, " + rangeText(sum.LostRange) + " expected", Class: class},
		{Figure: count(sum.Doubled), Label: "charged twice, " + rangeText(sum.DoubledRange) + " expected", Class: class},
	}
}
