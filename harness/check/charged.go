package check

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/haproof/haproof/harness"
)

var _ = register("charged", newCharged)

// charged holds each tracker against the truth, customer by customer, and the
// answers that it lost or charged twice against what the scenario expects of the
// style of keys. An expectation that is wrong in either direction is a failure: a
// scenario that claims a loss where nothing is lost is wrong too. Where evidence is
// missing it is unknown.
type charged struct {
	expect map[string]expectation // by style, such as plain, or style and version, such as plain@2.6
}

var _ harness.Check = charged{}

var styleOption = regexp.MustCompile(`^(exact|plain)(@\d+\.\d+)?$`)

func newCharged(o *options) harness.AnyCheck {
	c := charged{expect: map[string]expectation{}}
	for _, name := range slices.Sorted(maps.Keys(o.given)) {
		if !styleOption.MatchString(name) {
			style, _, _ := strings.Cut(name, "@")
			o.known[name] = true
			o.errs = append(o.errs, fmt.Errorf("unknown option %q: want exact or plain, or one of them with a version such as plain@2.6; %s",
				name, harness.Suggest(style, []string{string(harness.KeysExact), string(harness.KeysPlain)})))
			continue
		}
		text, _ := o.take(name)
		e, err := parseExpectation(text)
		if err != nil {
			o.errs = append(o.errs, fmt.Errorf("option %s: %q: %w", name, text, err))
		}
		c.expect[name] = e
	}
	return c
}

func (charged) Name() string { return "charged" }

func (c charged) Judge(rec *harness.Record) harness.Verdict {
	return named(c.Name(), c.judge(rec))
}

func (c charged) judge(rec *harness.Record) harness.Verdict {
	if why := uncountable(rec); why != "" {
		return unknown("%s", why)
	}
	if state := rec.Cell.Scenario.Topology.Tracking(); !state.Running() {
		return unknown("no tracker counts, as trackers are %s", state)
	}
	name, e, ok := c.expectation(rec)
	if !ok {
		return unknown("the scenario does not say what is expected of %s: add the option %s, such as %s: lost 0 doubled 0", name, name, name)
	}
	t := truthOf(rec)
	if v, odd := t.contradicted(); odd {
		return v
	}
	if t.ledger.Total().Sure == 0 {
		return unknown("no dynamic answer is sure among %s, so there was nothing to charge", count(uint64(len(rec.Attempts)), "attempt", "attempts"))
	}
	trial := &chargedTrial{rec: rec, truth: t, name: name, expect: e}
	trial.weigh()
	return trial.verdict()
}

// expectation picks what is expected of the record's style and version, the more
// specific first. It returns the name that was picked, or that is missing.
func (c charged) expectation(rec *harness.Record) (string, expectation, bool) {
	style := string(rec.Cell.Scenario.Topology.KeyStyle())
	if version := proxyVersion(rec); version != "" {
		if e, ok := c.expect[style+"@"+version]; ok {
			return style + "@" + version, e, true
		}
	}
	e, ok := c.expect[style]
	return style, e, ok
}

var majorMinor = regexp.MustCompile(`^\d+\.\d+`)

// proxyVersion returns the version of the proxies as 2.6; empty where it is not known.
func proxyVersion(rec *harness.Record) string {
	for _, n := range rec.Nodes {
		if n.Tier == harness.TierProxy {
			return majorMinor.FindString(n.Version)
		}
	}
	return ""
}

// chargedTrial is one trial as charged judges it.
type chargedTrial struct {
	rec    *harness.Record
	truth  truth
	name   string // of the expectation
	expect expectation

	charges  []harness.Charge
	partial  string   // why the truth lacks attempts, so that nothing can be too many; empty if it does not
	missing  []string // why it cannot be a pass
	notes    []string
	disagree string
	findings findings
}

// weigh compares every tracker with the truth.
func (c *chargedTrial) weigh() {
	for _, name := range trackers(c.rec) {
		ledger, ok := c.rec.Ledgers[name]
		if ok {
			c.tracker(name, ledger)
			continue
		}
		if why := onPurposeGone(c.rec, name); why != "" {
			c.notes = append(c.notes, why+" and could not be asked")
			continue
		}
		c.missing = append(c.missing, "no testimony of "+name+" ("+whyAbsent(c.rec, name)+")")
	}
	if len(c.charges) == 0 {
		c.missing = append(c.missing, c.notes...)
	}
	c.compareTrackers()
	if c.truth.why != "" {
		c.missing = append(c.missing, c.truth.why)
	}
	if !c.rec.Settlement.Settled {
		c.missing = append(c.missing, "the lab had not settled: "+strings.Join(c.rec.Settlement.Missing, "; "))
	}
	if c.partial = unreported(c.rec); c.partial != "" {
		c.missing = append(c.missing, c.partial)
	}
}

// unreported says why the record lacks attempts, or may; empty if it does not.
func unreported(rec *harness.Record) string {
	why, want, got := cutShort(rec), wanted(rec), uint64(len(rec.Attempts))
	if why == "" && got < want {
		why = fmt.Sprintf("%s of %s were never reported by the driver", num(want-got), count(want, "attempt", "attempts"))
	}
	return why
}

// tracker compares one tracker with the truth.
func (c *chargedTrial) tracker(name string, ledger harness.Ledger) {
	charge := harness.Charge{Tracker: name, Truth: c.truth.ledger.Total(), Counted: ledger.Total().Sure}
	of := amountsOf(c.rec, c.truth)
	charge.LostRange, charge.DoubledRange = c.wants(c.expect.lost, of), c.wants(c.expect.doubled, of)
	wrongs := wrongsOf(c.truth.ledger, ledger, setByFaults(c.rec))
	for _, w := range wrongs {
		charge.Lost += w.lost
		charge.Doubled += w.doubled
	}
	c.explain(&charge, wrongs)
	c.charges = append(c.charges, charge)
}

// wants returns the range that is expected. One that is not known has no text.
func (c *chargedTrial) wants(a amounts, of amount) harness.Range {
	r, err := a.rangeOf(of)
	if err != nil {
		if !slices.Contains(c.missing, err.Error()) {
			c.missing = append(c.missing, err.Error())
		}
		return harness.Range{}
	}
	return r
}

// wrong is a customer who was not charged as often as is true: some answers were
// lost, some doubled, or an operator has set the counter. A counter that was set is
// charged for answers that nobody gave, which is doubled; what it lacks of them and of
// the answers is lost.
type wrong struct {
	key           string
	truth         harness.Tally
	set           uint64 // what faults have added
	counted       uint64
	lost, doubled uint64
}

// extra is what was doubled beyond what was set.
func (w wrong) extra() uint64 { return beyond(w.counted, w.truth.Sure+w.truth.Unsure+w.set) }

// unclear is how many answers were lost or doubled that nobody set.
func (w wrong) unclear() uint64 { return w.lost + w.extra() }

// beyond is what a has more than b.
func beyond(a, b uint64) uint64 { return a - min(a, b) }

func wrongsOf(truth, counts harness.Ledger, set map[string]uint64) []wrong {
	keys := map[string]bool{}
	for key := range truth {
		keys[key] = true
	}
	for key := range counts {
		keys[key] = true
	}
	for key := range set {
		keys[key] = true
	}
	var list []wrong
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		w := wrong{key: key, truth: truth[key], set: set[key], counted: counts[key].Sure}
		w.lost = beyond(w.truth.Sure+w.set, w.counted)
		w.doubled = min(w.set, beyond(w.counted, w.truth.Sure)) + w.extra()
		if w.lost+w.doubled > 0 {
			list = append(list, w)
		}
	}
	return list
}

// onPurposeGone says which tracker a fault has ended for good; empty for none.
func onPurposeGone(rec *harness.Record, name string) string {
	for _, gone := range rec.Settlement.LeftOut {
		if strings.HasPrefix(gone, nodeOfWitness(name)+" ") {
			return gone
		}
	}
	return ""
}

// nodeOfWitness returns the node that a tracker's testimony is of.
func nodeOfWitness(name string) string {
	if name == harness.WitnessTracker {
		return harness.TierTracker + "1"
	}
	return name
}

// compareTrackers demands that those which were left in peace say the same. A proxy
// tells each tracker by itself: what it had told only one when it was disturbed is no
// disagreement.
func (c *chargedTrial) compareTrackers() {
	if hit(c.rec, harness.TierProxy, func(harness.Fault) bool { return true }) {
		return
	}
	var calm []string
	for _, charge := range c.charges {
		node := nodeOfWitness(charge.Tracker)
		if !slices.ContainsFunc(c.rec.Disturbances, func(d harness.Disturbance) bool { return d.Fault.Node == node && played(d) }) {
			calm = append(calm, charge.Tracker)
		}
	}
	for i := 1; i < len(calm); i++ {
		a, b := calm[0], calm[i]
		differing := wrongsOf(c.rec.Ledgers[a], c.rec.Ledgers[b], nil)
		if len(differing) == 0 {
			continue
		}
		c.disagree = fmt.Sprintf("%s and %s disagree on %s, though nobody disturbed them", a, b, count(uint64(len(differing)), "customer", "customers"))
		for _, w := range differing {
			c.findings.add(w.key, "%s says %s, %s says %s", a, num(w.truth.Sure), b, num(w.counted))
		}
	}
}

// verdict weighs what was found: too many is a failure whatever else is missing, as
// nothing that may still come makes it less, but for attempts that were never reported.
func (c *chargedTrial) verdict() harness.Verdict {
	v := c.decide()
	v.Charges = c.charges
	return c.findings.on(v)
}

func (c *chargedTrial) decide() harness.Verdict {
	says := c.says()
	for _, charge := range c.charges {
		if c.partial == "" && charge.DoubledRange.Text != "" && charge.Doubled > charge.DoubledRange.High {
			return fail("%s", says)
		}
	}
	if len(c.missing) > 0 {
		if says != "" {
			says = "; so far " + says
		}
		return unknown("%s%s", strings.Join(c.missing, "; "), says)
	}
	for _, charge := range c.charges {
		if !charge.LostRange.Holds(charge.Lost) || !charge.DoubledRange.Holds(charge.Doubled) {
			return fail("%s", says)
		}
	}
	if c.disagree != "" {
		return fail("%s; %s", c.disagree, says)
	}
	return pass("%s", says)
}

// says tells of every tracker what it lost and doubled, and what was expected.
func (c *chargedTrial) says() string {
	var list []string
	for _, charge := range c.charges {
		list = append(list, fmt.Sprintf("of %s %s lost %s (%s) and doubled %s (%s)", interval(charge.Truth), charge.Tracker,
			num(charge.Lost), rangeText(charge.LostRange), num(charge.Doubled), rangeText(charge.DoubledRange)))
	}
	if len(list) == 0 {
		return ""
	}
	list = append(list, c.notes...)
	return strings.Join(list, "; ") + ", with keys " + c.name
}

// rangeText writes what was expected: wanted 0..stopping, which is 0 to 12.
func rangeText(r harness.Range) string {
	switch {
	case r.Text == "":
		return "what is wanted is not known"
	case r.Text == strconv.FormatUint(r.Low, 10) && r.Low == r.High:
		return "wanted " + num(r.Low)
	case r.Low == r.High:
		return "wanted " + r.Text + ", which is " + num(r.Low)
	}
	return "wanted " + r.Text + ", which is " + num(r.Low) + " to " + num(r.High)
}
