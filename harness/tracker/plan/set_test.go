package plan

import (
	"math"
	"strings"
	"testing"
)

func TestValidateSaysEverythingThatIsWrong(t *testing.T) {
	set := Set{
		Plans: []Plan{
			{Name: "free", Limits: []Limit{{Day, 0}, {Day, 5}, {0, 5}, {9, 5}}, Warn: []int{0, 100, 80, 80}},
			{Name: "free"},
			{Name: "", Deny: true},
			{Name: strings.Repeat("n", MaxName+1), Warn: []int{50}},
		},
		Assigned: map[string]string{"": "free", "c1": "gold", "c2": "gold", "c3": "silver"},
		Default:  "bronze",
	}
	err := set.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`plan 1 ("free"): limit 1: the maximum is 0, must be at least 1`,
		`plan 1 ("free"): limit 2: there is one per day already`,
		`plan 1 ("free"): limit 3: period 0 does not exist`,
		`plan 1 ("free"): limit 4: period 9 does not exist`,
		`plan 1 ("free"): warning at 0%, must be 1 to 99`,
		`plan 1 ("free"): warning at 100%, must be 1 to 99`,
		`plan 1 ("free"): warning at 80% is given twice`,
		`plan "free" is given twice`,
		`plan 3 (""): name of 0 bytes, must be 1 to 64`,
		`plan 3 (""): it warns or denies but has no limit`,
		`: name of 65 bytes, must be 1 to 64`,
		`the default plan "bronze" does not exist`,
		`a plan is assigned to a customer without a name`,
		`plan "gold" does not exist but is assigned to 2 customers, such as "c1"`,
		`plan "silver" does not exist but is assigned to 1 customers, such as "c3"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not said: %s", want)
		}
	}
	if got := strings.Count(err.Error(), "\n") + 1; got != 16 {
		t.Errorf("%d problems, want 16:\n%v", got, err)
	}
	if _, err := New(set, at("2026-11-21 00:00:00")); err == nil {
		t.Error("New takes what is not valid")
	}
}

func TestValidateAcceptsWhatMakesSense(t *testing.T) {
	for name, set := range map[string]Set{
		"nothing":          {},
		"exempt":           {Plans: []Plan{{Name: "free", Limits: []Limit{{Month, 1}}, Deny: true}, {Name: "none"}}, Assigned: map[string]string{"c": "none"}, Default: "free"},
		"every period":     {Plans: []Plan{{Name: "p", Limits: []Limit{{Hour, 1}, {Day, 2}, {Month, 3}, {Total, math.MaxUint64}}, Warn: []int{1, 99}}}},
		"no default":       {Plans: []Plan{{Name: "p", Limits: []Limit{{Hour, 1}}}}},
		"limits, no names": {Plans: []Plan{{Name: "p", Limits: []Limit{{Hour, 1}}}}, Default: "p"},
	} {
		if err := set.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestThresholdsAreRoundedUp(t *testing.T) {
	for _, c := range []struct {
		maximum uint64
		percent int
		want    uint64
	}{
		{100, 80, 80},
		{1, 1, 1}, // nothing used reaches no threshold
		{1000, 99, 990},
		{101, 50, 51}, // 50.5
		{3, 99, 3},    // 2.97
		{math.MaxUint64, 100, math.MaxUint64},
		{math.MaxUint64, 50, 1 << 63},
		{math.MaxUint64, 1, 184467440737095517}, // 184467440737095516.15
	} {
		if got := share(c.maximum, c.percent); got != c.want {
			t.Errorf("%d%% of %d is %d, want %d", c.percent, c.maximum, got, c.want)
		}
	}
}
