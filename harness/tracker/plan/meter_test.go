package plan

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

var november = at("2026-11-21 10:30:00")

// basic assigns c one plan with a limit, which warns at 80% and denies.
func basic(l Limit) Set {
	return Set{
		Plans:    []Plan{{Name: "basic", Limits: []Limit{l}, Warn: []int{80}, Deny: true}},
		Assigned: map[string]string{"c": "basic"},
	}
}

// start returns a Meter that knows that nothing was used.
func start(t testing.TB, set Set, now time.Time) *Meter {
	t.Helper()
	m, err := New(set, now)
	if err != nil {
		t.Fatal(err)
	}
	m.Restored()
	return m
}

// replace expects that nothing need be restored.
func replace(t *testing.T, m *Meter, set Set, now time.Time) {
	t.Helper()
	gap, err := m.Replace(set, now)
	if err != nil || gap.Everyone || gap.Customers != nil {
		t.Fatalf("gap %+v, %v", gap, err)
	}
}

// percents lists the crossings as limit@percent.
func percents(crossings []Crossing) (list []string) {
	for _, c := range crossings {
		list = append(list, fmt.Sprintf("%d@%d", c.Limit, c.Percent))
	}
	return list
}

func want[T any](t *testing.T, what string, got, want []T) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s, want -, got +:\n%s", what, diff)
	}
}

func TestCustomerIsDeniedWhenAllOfTheLimitIsUsed(t *testing.T) {
	m := start(t, basic(Limit{Day, 10}), november)
	m.Grow("c", november, 7)
	want(t, "crossings at 7", percents(m.Take()), nil)
	m.Grow("c", november, 2)
	want(t, "crossings at 9", percents(m.Take()), []string{"10@80"})
	want(t, "changes at 9", m.Changes(), nil)
	m.Grow("c", november, 1)
	want(t, "crossings at 10", percents(m.Take()), []string{"10@100"})
	want(t, "changes at 10", m.Changes(), []Change{{"c", true}})
	want(t, "denied at 10", m.Denied(), []string{"c"})
	m.Grow("c", november, 90)
	want(t, "crossings at 100", percents(m.Take()), nil)
	want(t, "changes at 100", m.Changes(), nil)

	m.Advance(at("2026-11-21 23:59:59"))
	want(t, "changes before midnight", m.Changes(), nil)
	m.Advance(at("2026-11-22 00:00:00"))
	want(t, "changes at midnight", m.Changes(), []Change{{"c", false}})
	want(t, "denied at midnight", m.Denied(), nil)
	m.Grow("c", at("2026-11-22 00:00:00"), 10)
	want(t, "crossings of the next day", percents(m.Take()), []string{"10@80", "10@100"})
}

func TestPlanThatDoesNotDenyOnlyTells(t *testing.T) {
	set := basic(Limit{Day, 10})
	set.Plans[0].Deny = false
	m := start(t, set, november)
	m.Grow("c", november, 11)
	crossings := m.Take()
	want(t, "crossings", percents(crossings), []string{"10@80", "10@100"})
	want(t, "denied", m.Denied(), nil)
	if crossings[1].Deny {
		t.Error("the crossing says that it denies")
	}
}

func TestLateGrowthCountsForItsOwnPeriodAndDeniesNobody(t *testing.T) {
	m := start(t, basic(Limit{Hour, 10}), november)
	m.Advance(at("2026-11-21 11:00:01"))
	m.Grow("c", at("2026-11-21 10:00:00"), 10)
	crossings := m.Take()
	want(t, "crossings", percents(crossings), []string{"10@80", "10@100"})
	if !crossings[1].PeriodEnd.Equal(at("2026-11-21 11:00:00")) {
		t.Errorf("period ends %v", crossings[1].PeriodEnd)
	}
	want(t, "denied", m.Denied(), nil)
	m.Grow("c", at("2026-11-21 09:00:00"), 10) // two hours ago: no longer known
	want(t, "crossings of an hour long ago", percents(m.Take()), nil)
	m.Grow("c", at("2026-11-21 11:00:00"), 9)
	want(t, "denied at 9", m.Denied(), nil)
	want(t, "crossings of this hour", percents(m.Take()), []string{"10@80"})
}

func TestRestartEmitsNothingAgain(t *testing.T) {
	set := basic(Limit{Month, 10})
	m := start(t, set, november)
	m.Grow("c", november, 12)
	stored := m.Take()

	again, err := New(set, november)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range stored {
		again.Emitted(c.ID, c.PeriodEnd)
	}
	again.Restore("c", time.Time{}, 1000) // before October
	again.Restore("c", november, 12)
	want(t, "denied before all is restored", again.Denied(), nil)
	again.Restored()
	want(t, "crossings", percents(again.Take()), nil)
	want(t, "denied", again.Denied(), []string{"c"})
	again.Grow("c", november, 12)
	want(t, "crossings after growth", percents(again.Take()), nil)
}

func TestLimitLoweredWhileTheTrackerWasDownIsToldAtTheStart(t *testing.T) {
	m, err := New(basic(Limit{Month, 10}), november)
	if err != nil {
		t.Fatal(err)
	}
	m.Restore("c", at("2026-10-01 00:00:00"), 100) // last month is not held against it
	m.Restore("c", at("2026-11-01 00:00:00"), 4)
	m.Restore("c", at("2026-11-21 00:00:00"), 5)
	m.Restored()
	crossings := m.Take()
	want(t, "crossings", percents(crossings), []string{"10@80"})
	if crossings[0].Used != 9 {
		t.Errorf("used %d, want 9", crossings[0].Used)
	}
}

func TestReplacedLimitsAreComparedWithWhatIsUsed(t *testing.T) {
	m := start(t, basic(Limit{Month, 1000}), november)
	m.Grow("c", november, 500)
	replace(t, m, basic(Limit{Month, 400}), november)
	want(t, "crossings when lowered", percents(m.Take()), []string{"400@80", "400@100"})
	want(t, "changes when lowered", m.Changes(), []Change{{"c", true}})
	replace(t, m, basic(Limit{Month, 1000}), november)
	want(t, "crossings when raised", percents(m.Take()), nil)
	want(t, "changes when raised", m.Changes(), []Change{{"c", false}})
	replace(t, m, basic(Limit{Month, 400}), november)
	want(t, "crossings when lowered again", percents(m.Take()), nil)
	want(t, "changes when lowered again", m.Changes(), []Change{{"c", true}})
	replace(t, m, basic(Limit{Hour, 500}), november) // an hour that no plan asked for before
	want(t, "crossings of another period", percents(m.Take()), []string{"500@80", "500@100"})
	replace(t, m, Set{}, november)
	want(t, "changes without a plan", m.Changes(), []Change{{"c", false}})
	want(t, "denied without a plan", m.Denied(), nil)
	if _, ok := m.State("c"); ok {
		t.Error("a customer without a plan has a state")
	}
}

func TestReplaceAsksForTheUsageThatItDoesNotKnow(t *testing.T) {
	m := start(t, basic(Limit{Month, 10}), november)
	m.Grow("c", november, 5)
	m.Grow("d", november, 20) // without a plan: forgotten
	set := basic(Limit{Month, 10})
	set.Assigned["d"] = "basic"
	gap, err := m.Replace(set, november)
	if err != nil || gap.Everyone || !slices.Equal(gap.Customers, []string{"d"}) {
		t.Fatalf("gap %+v, %v", gap, err)
	}
	if _, err := m.Replace(set, november); err == nil {
		t.Error("plans are replaced while usage is being restored")
	}
	m.Restore("c", november, 5) // is known
	m.Restore("d", november, 20)
	m.Restored()
	want(t, "denied", m.Denied(), []string{"d"})

	set.Default = "basic"
	gap, err = m.Replace(set, november)
	if err != nil || !gap.Everyone || gap.Customers != nil {
		t.Fatalf("gap with a default %+v, %v", gap, err)
	}
	for _, customer := range []string{"c", "d", "e"} {
		m.Restore(customer, november, 9)
	}
	m.Restored()
	m.Restore("e", november, 9) // too late
	m.Restore("z", november, 9)
	if _, ok := m.State("z"); ok {
		t.Error("usage is restored after Restored")
	}
	for customer, used := range map[string]uint64{"c": 5, "d": 20, "e": 9} {
		if s, _ := m.State(customer); s.Limits[0].Used != used {
			t.Errorf("%s has used %+v, want %d", customer, s.Limits, used)
		}
	}
	set.Assigned["f"] = "basic"
	replace(t, m, set, november) // the default had f in sight: it has used nothing
}

func TestReplaceKeepsThePlansIfTheOthersAreWrong(t *testing.T) {
	m := start(t, basic(Limit{Month, 10}), november)
	if _, err := m.Replace(Set{Default: "none"}, november); err == nil {
		t.Fatal("no error")
	}
	m.Grow("c", november, 10)
	want(t, "crossings", percents(m.Take()), []string{"10@80", "10@100"})
}

func TestMeterDoesNotGrowWithoutBound(t *testing.T) {
	m := start(t, Set{Plans: basic(Limit{Day, 1}).Plans, Default: "basic"}, november)
	m.most = 3
	for i := range 5 {
		m.Grow(fmt.Sprint(i), november, 7)
	}
	if n := len(m.Denied()); n != 3 {
		t.Errorf("%d denied, want 3", n)
	}
	if err := m.Err(); err == nil || !strings.Contains(err.Error(), "3 customers") || !strings.Contains(err.Error(), "growth of 14") {
		t.Errorf("error %v", err)
	}
	set := Set{Plans: basic(Limit{Day, 1}).Plans, Default: "basic", Assigned: map[string]string{"4": "basic"}}
	if gap, err := m.Replace(set, november); err != nil || !gap.Everyone {
		t.Errorf("gap after some were left out: %+v, %v", gap, err)
	}
	m.Restore("4", november, 7)
	m.Restored()
	if n := len(m.Denied()); n != 4 {
		t.Errorf("%d denied, want those of before and the one that is named", n)
	}
	for day := range 400 {
		now := november.AddDate(0, 0, day)
		m.Advance(now)
		m.Grow("0", now, 1)
		m.Take()
		m.Changes()
	}
	if len(m.emitted) > 8 || len(m.full) > 4 || len(m.accounts) != 4 || len(m.changed) > 4 {
		t.Errorf("after 400 days: %d emitted, %d full, %d accounts", len(m.emitted), len(m.full), len(m.accounts))
	}
}

func TestClockThatWasAheadDoesNotBlindTheMeter(t *testing.T) {
	m := start(t, basic(Limit{Hour, 10}), november)
	m.Grow("c", november, 10)
	m.Advance(november.Add(time.Hour))
	want(t, "denied an hour ahead", m.Denied(), nil)
	m.Advance(november)
	want(t, "denied back again", m.Denied(), []string{"c"})

	for year := range 3 {
		ahead := november.AddDate(50+year, 0, 0)
		m.Advance(ahead)
		m.Grow("c", ahead, 10)
	}
	now := november.Add(2 * time.Hour)
	m.Advance(now)
	m.Take()
	m.Grow("c", now, 9)
	m.Grow("c", now.Add(-time.Hour), 9)
	m.Grow("c", now, 1)
	want(t, "crossings", percents(m.Take()), []string{"10@80", "10@80", "10@100"})
	want(t, "denied", m.Denied(), []string{"c"})
}

func TestUsageStaysAtTheLargestNumber(t *testing.T) {
	m := start(t, basic(Limit{Total, math.MaxUint64}), november)
	m.Grow("c", november, math.MaxUint64-1)
	m.Grow("c", november, 5)
	want(t, "denied", m.Denied(), []string{"c"})
}

func TestStateListsTheLimits(t *testing.T) {
	set := basic(Limit{Month, 10})
	set.Plans[0].Limits = append(set.Plans[0].Limits, Limit{Hour, 5}, Limit{Total, 99})
	m := start(t, set, november)
	m.Grow("c", november, 4)
	m.Advance(at("2026-11-21 11:00:00"))
	m.Grow("c", at("2026-11-21 11:00:00"), 7)
	got, _ := m.State("c")
	wanted := State{Customer: "c", Plan: "basic", Denied: true, Limits: []Usage{
		{Hour, 5, 7, at("2026-11-21 12:00:00")},
		{Month, 10, 11, at("2026-12-01 00:00:00")},
		{Total, 99, 11, time.Time{}},
	}}
	if diff := gocmp.Diff(wanted, got); diff != "" {
		t.Errorf("state, want -, got +:\n%s", diff)
	}
}

func TestCrossingAsJSON(t *testing.T) {
	m := start(t, basic(Limit{Month, 10}), november)
	m.Grow("c", november, 12)
	got, err := json.Marshal(m.Take()[1])
	if err != nil {
		t.Fatal(err)
	}
	// The id is part of what is stored: it must be the same in every release.
	const golden = `{"id":"989d07bc18c7a24aebe4943b2d9774b1","customer":"c","plan":"basic","period":"month",` +
		`"period_start":"2026-11-01T00:00:00Z","period_end":"2026-12-01T00:00:00Z",` +
		`"limit":10,"used":12,"percent":100,"deny":true,"at":"2026-11-21T10:30:00Z"}`
	if string(got) != golden {
		t.Errorf("got  %s\nwant %s", got, golden)
	}
	var back Crossing
	if err := json.Unmarshal(got, &back); err != nil || back.ID.String() != golden[7:39] || back.Period != Month {
		t.Errorf("read back as %+v, %v", back, err)
	}
	for _, text := range []string{"", golden[7:37], golden[7:39] + "00", strings.Repeat("g", 32)} {
		if id, err := ParseID(text); err == nil {
			t.Errorf("%q is read as %v", text, id)
		}
	}
}

func TestIDsOfOtherCrossingsDiffer(t *testing.T) {
	ids := map[ID]bool{}
	for _, id := range []ID{
		crossingID("ab", "c", Day, 1, 10, 80),
		crossingID("a", "bc", Day, 1, 10, 80), // the same bytes if names were put together
		crossingID("ab", "d", Day, 1, 10, 80),
		crossingID("ab", "c", Hour, 1, 10, 80),
		crossingID("ab", "c", Day, 2, 10, 80),
		crossingID("ab", "c", Day, 1, 11, 80),
		crossingID("ab", "c", Day, 1, 10, 100),
	} {
		ids[id] = true
	}
	if len(ids) != 7 {
		t.Errorf("%d ids, want 7", len(ids))
	}
}

func TestGrowthAllocatesNothing(t *testing.T) {
	m := start(t, basic(Limit{Month, 1 << 40}), november)
	m.Grow("c", november, 1)
	if n := testing.AllocsPerRun(100, func() {
		m.Grow("c", november, 1)
		m.Grow("without a plan", november, 1)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
