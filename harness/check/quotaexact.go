package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haproof/haproof/harness"
)

var _ = register("quota-exact", func(*options) harness.AnyCheck { return quotaExact{} })

// quotaExact demands that every witness agrees with the client on every
// customer. The client says [Sure, Sure+Unsure]; a witness outside is a failure,
// and so is a customer that only another witness knows. Inside is a pass only if
// nothing is unsure, every witness testified, the lab had settled and the trial was
// played to its end. Searches cannot be judged: their probes are counted by proxy and tracker only.
// A witness that a fault has taken the memory of may say too little, never too much.
type quotaExact struct{}

var _ harness.Check = quotaExact{}

func (quotaExact) Name() string { return "quota-exact" }

func (c quotaExact) Judge(rec *harness.Record) harness.Verdict {
	return named(c.Name(), c.judge(rec))
}

func (c quotaExact) judge(rec *harness.Record) harness.Verdict {
	if why := uncountable(rec); why != "" {
		return unknown("%s", why)
	}
	client := harness.ClientLedger(rec.Attempts)
	present, absent := others(rec)
	says := testimonies(rec, present)
	bad := disagreements(client, says)
	if v, failed := differences(rec, client, says, bad); failed {
		return v
	}
	total := client.Total()
	for _, name := range present {
		total.Unsure += rec.Ledgers[name].Total().Unsure
	}
	forgetful := lacking(client, says)
	switch {
	case !rec.Settlement.Settled:
		return unknown("the lab had not settled: %s", strings.Join(rec.Settlement.Missing, "; "))
	case len(absent) > 0:
		return unknown("no testimony of %s", strings.Join(absent, "; "))
	case cutShort(rec) != "":
		return unknown("%s", cutShort(rec))
	case total.Unsure > 0:
		return c.unsure(client, total)
	case total.Sure == 0:
		return unknown("no dynamic answer among %s, so there was nothing to charge", count(uint64(len(rec.Attempts)), "attempt", "attempts"))
	}
	return pass("%d witnesses agree on %s of %s%s%s", 1+len(present)-len(forgetful), count(total.Sure, "dynamic answer", "dynamic answers"),
		count(uint64(len(client)), "customer", "customers"), trackerNote(rec), excuses(forgetful))
}

func (quotaExact) unsure(client harness.Ledger, total harness.Tally) harness.Verdict {
	var f findings
	for _, key := range slices.Sorted(maps.Keys(client)) {
		if t := client[key]; t.Unsure > 0 {
			f.add(key, "client is sure of %s and unsure of %s", num(t.Sure), num(t.Unsure))
		}
	}
	return f.on(unknown("no witness contradicts the client, but beside %s %s unsure",
		count(total.Sure, "sure charge", "sure charges"), count(total.Unsure, "is", "are")))
}

// uncountable says why the counts of a record mean nothing at all.
func uncountable(rec *harness.Record) string {
	sc := rec.Cell.Scenario
	_, proxied := sc.Topology[harness.TierProxy]
	switch {
	case searches(rec):
		return "a search cannot be judged by its counts: its probes are counted too"
	case !proxied || sc.Workload.Route == harness.RouteDirect:
		return "no attempt passed a proxy, so nobody was charged"
	case len(rec.Attempts) == 0:
		return "no attempt was made"
	}
	return ""
}

func trackerNote(rec *harness.Record) string {
	if _, ok := rec.Cell.Scenario.Topology[harness.TierTracker]; ok {
		return ""
	}
	return " (the topology has no tracker)"
}

// others returns the names of the witnesses beside the client that testified,
// and those that the topology should have but that did not, with the reason.
func others(rec *harness.Record) (present, absent []string) {
	required := []string{harness.WitnessOrigin, harness.WitnessStickTable, harness.WitnessProxyLog}
	required = append(required, trackers(rec)...)
	for _, name := range required {
		if _, ok := rec.Ledgers[name]; ok {
			present = append(present, name)
			continue
		}
		reason := rec.Absent[name]
		absent = append(absent, name+" ("+cmp.Or(reason, "it was never asked")+")")
	}
	for _, name := range slices.Sorted(maps.Keys(rec.Ledgers)) {
		if name != harness.WitnessClient && !slices.Contains(required, name) {
			present = append(present, name) // whoever testifies must agree
		}
	}
	return present, absent
}

// trackers returns the witness of each tracker: one is called tracker, several
// go by the names of their nodes.
func trackers(rec *harness.Record) []string {
	tier, ok := rec.Cell.Scenario.Topology[harness.TierTracker]
	switch {
	case !ok:
		return nil
	case tier.Count <= 1:
		return []string{harness.WitnessTracker}
	}
	names := make([]string, tier.Count)
	for i := range names {
		names[i] = fmt.Sprintf("%s%d", harness.TierTracker, i+1)
	}
	return names
}

// disagreement is one customer on whom a witness lies outside what the client says.
type disagreement struct {
	key  string
	over bool // a witness says more than the client allows: somebody was overcharged
	text string
}

func disagreements(client harness.Ledger, says []testimony) []disagreement {
	keys := map[string]bool{}
	for key := range client {
		keys[key] = true
	}
	for _, w := range says {
		for key := range w.ledger {
			keys[key] = true
		}
	}
	var bad []disagreement
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if d, differs := compare(client, says, key); differs {
			bad = append(bad, d)
		}
	}
	return bad
}

// compare holds all witnesses of one customer against the client.
func compare(client harness.Ledger, says []testimony, key string) (disagreement, bool) {
	c := client[key]
	list := []string{"client " + tally(c)}
	d, differs := disagreement{key: key}, false
	for _, w := range says {
		t := w.ledger[key]
		said := w.name + " " + tally(t)
		switch {
		case t.Sure > c.Sure+c.Unsure:
			differs, d.over = true, true
			said += fmt.Sprintf(" (%s too many)", num(t.Sure-c.Sure-c.Unsure))
		case t.Sure+t.Unsure < c.Sure && w.forgot != "":
			said += " (" + w.forgot + ")"
		case t.Sure+t.Unsure < c.Sure:
			differs = true
			said += fmt.Sprintf(" (%s too few)", num(c.Sure-t.Sure-t.Unsure))
		}
		list = append(list, said)
	}
	d.text = strings.Join(list, ", ")
	return d, differs
}

func tally(t harness.Tally) string {
	if t.Unsure == 0 {
		return num(t.Sure)
	}
	return fmt.Sprintf("%s to %s", num(t.Sure), num(t.Sure+t.Unsure))
}

// differences turns disagreements into a failure. In a lab that had not settled
// only too many is one: too few may still be on its way.
func differences(rec *harness.Record, client harness.Ledger, says []testimony, bad []disagreement) (harness.Verdict, bool) {
	var f findings
	var customers, over uint64
	for _, d := range bad {
		if !rec.Settlement.Settled && !d.over {
			continue
		}
		customers++
		if d.over {
			over++
		}
		f.add(d.key, "%s", d.text)
	}
	if customers == 0 {
		return harness.Verdict{}, false
	}
	return f.on(fail("witnesses disagree on %s, %s of them overcharged: %s",
		count(customers, "customer", "customers"), num(over), totals(client, says))), true
}

// totals lists what each witness counted in all.
func totals(client harness.Ledger, says []testimony) string {
	list := []string{"client " + tally(client.Total())}
	for _, w := range says {
		list = append(list, w.name+" "+tally(w.ledger.Total()))
	}
	return strings.Join(list, ", ")
}
