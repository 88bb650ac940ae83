package containers

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

// limitedScenario lets c0000 have three answers.
func limitedScenario() harness.Scenario {
	sc := labScenario(2, 1, 1)
	sc.Topology[harness.TierTracker] = harness.Tier{Kind: "quota-tracker", Limits: &harness.Limits{Customers: 1, Total: 3, Expire: 3 * time.Second}}
	return sc
}

func TestOnlyProxiesOfLimitedCustomersDeny(t *testing.T) {
	with, without := rendered(t, limitedScenario()), rendered(t, labScenario(2, 1, 1))
	for _, part := range []string{
		"    table plan type string len 64 size 1024 expire 3000ms store gpt0\n",
		"    http-request set-var(txn.customer) str(c0002)\n    # Static files too: a customer is denied as a whole.\n" +
			"    http-request deny deny_status 429 if { var(txn.customer),table_gpt0(tracker/plan) gt 0 }\n",
	} {
		if !strings.Contains(with, part) {
			t.Errorf("no %q in\n%s", part, with)
		}
	}
	if strings.Contains(without, "deny") || strings.Contains(without, "plan") {
		t.Errorf("denies without limits:\n%s", without)
	}
}

func TestTrackerIsToldWhoHasWhichPlan(t *testing.T) {
	const want = `limits:
  table: plan
  length: 64
  refresh: 1s
  plans:
    limited: {total: 3, deny: true}
    ample: {total: 1000000000000, deny: true}
  default: ample
  customers:
    acme-c0000: limited
    acme-c0001: limited
`
	if diff := cmp.Diff(want, limitsYAML(harness.Limits{Customers: 2, Total: 3, Expire: 3 * time.Second}, "acme-")); diff != "" {
		t.Error(diff)
	}
}

func TestLimitsHoldInProcesses(t *testing.T) { testLimits(t, engineLocal) }

func TestLimitsHoldInContainers(t *testing.T) {
	needDocker(t)
	testLimits(t, engineDocker)
}

// testLimits uses a limit up at one proxy, sees it enforced at the other and for
// nobody else, and everybody served once the tracker is dead.
func testLimits(t *testing.T, engineName string) {
	l := startLab(t, limitedScenario(), testOptions(t, engineName))
	proxies := l.Endpoints(harness.RouteProxy)
	page := func(proxy int, customer string) answer {
		return ask(t, proxies[proxy], true, "GET", customer+".customers.test", "/?size=10", "")
	}
	served := answer{Status: 200, Size: 10, PHP: true}
	for i := range 3 {
		if got := page(0, "c0000"); got != served {
			t.Fatalf("answer %d of 3: %+v", i+1, got)
		}
	}
	become := func(what string, customer string, want int) {
		t.Helper()
		err := await(timeLimit(t, patience), what, func(context.Context) error {
			if got := ask(t, proxies[1], false, "GET", customer+".customers.test", "/static/1k.css", ""); got.Status != want {
				return fmt.Errorf("status %d", got.Status)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	become("denied by the other proxy, static files too", "c0000", 429)
	for proxy := range proxies {
		if got := page(proxy, "c0001"); got != served {
			t.Errorf("customer without limit: %+v", got)
		}
	}
	wantLedgers(t, l, harness.Ledger{"c0000": {Sure: 3}, "c0001": {Sure: 2}})
	if err := l.plan.of(harness.TierTracker)[0].process.stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	become("served without a tracker", "c0000", 200)
}
