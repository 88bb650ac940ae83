package check

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/haproof/haproof/harness"
)

func TestEveryCheckIsKnownByItsOwnName(t *testing.T) {
	want := []string{"charged", "cpu-limits", "drivers-agree", "enforced", "exactly-once", "fail-open", "generator-fit", "host-fit", "no-errors", "nodes-alive", "quota-exact", "scales-with-backends", "slo", "tracking-cost"}
	if diff := cmp.Diff(want, Names()); diff != "" {
		t.Error(diff)
	}
	for _, name := range Names() {
		judge, err := New(harness.CheckSpec{Name: name})
		if err != nil || judge.Name() != name {
			t.Errorf("%s: %v, %v", name, judge, err)
		}
		_, record := judge.(harness.Check)
		_, run := judge.(harness.RunCheck)
		if !record && !run {
			t.Errorf("%s judges neither a record nor a run", name)
		}
	}
}

func TestAllKeepsTheScenariosOrder(t *testing.T) {
	judges, err := All([]harness.CheckSpec{{Name: "quota-exact"}, {Name: "no-errors"}})
	if err != nil || len(judges) != 2 || judges[0].Name() != "quota-exact" || judges[1].Name() != "no-errors" {
		t.Errorf("%v, %v", judges, err)
	}
	if _, err := All([]harness.CheckSpec{{Name: "quota-exact"}, {Name: "nonsense"}}); err == nil {
		t.Error("an unknown check was accepted")
	}
}

func TestWrongOptionsAreNamed(t *testing.T) {
	for _, test := range []struct{ check, option, value, want string }{
		{"quota-exactt", "", "", `unknown check "quota-exactt": there are charged, cpu-limits, drivers-agree, enforced, exactly-once`},
		{"quota-exact", "tolerance", "0.01", `check quota-exact: unknown option "tolerance": this check has none`},
		{"generator-fit", "lag", "10ms", `unknown option "lag": there are achieved, advisory, cpu, lag-p99`},
		{"generator-fit", "lag-p99", "10", `option lag-p99: "10" is no duration above 0, such as 10ms`},
		{"generator-fit", "lag-p99", "-1ms", `"-1ms" is no duration`},
		{"generator-fit", "achieved", "99", `option achieved: "99" is no share above 0 up to 1`},
		{"generator-fit", "achieved", "NaN", `"NaN" is no share`},
		{"scales-with-backends", "efficiency", "0", `option efficiency: "0" is no share`},
		{"tracking-cost", "at-most", "0.25", `option at-most: "0.25" is no percentage`},
		{"tracking-cost", "at-most", "-3%", `"-3%" is no percentage`},
		{"charged", "plane", "lost 0", `check charged: unknown option "plane": want exact or plain, or one of them with a version such as plain@2.6; did you mean plain?`},
		{"charged", "plain@2", "lost 0", `unknown option "plain@2": want exact or plain`},
		{"charged", "exact", "lost 0..stoping", `check charged: option exact: "lost 0..stoping": column 9: "stoping" is no term: did you mean stopping?`},
		{"fail-open", "errors", "-1", `option errors: "-1" is no whole number, such as 0`},
		{"fail-open", "slower", "0.5", `option slower: "0.5" is no factor of 1 or more, such as 2`},
		{"host-fit", "steal", "x", `option steal: "x" is no share`},
	} {
		spec := harness.CheckSpec{Name: test.check}
		if test.option != "" {
			spec.Options = map[string]string{test.option: test.value}
		}
		if _, err := New(spec); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %s=%s: error %v, want %s", test.check, test.option, test.value, err, test.want)
		}
	}
}

func TestRegisteringTwicePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	register("quota-exact", nil)
}

func TestNumbersAreReadable(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := num(n); got != want {
			t.Errorf("%d is written %s", n, got)
		}
	}
}
