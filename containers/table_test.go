package containers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/runtimeapi"
)

// proxyScenario has proxies of the given settings, two web nodes and a tracker.
func proxyScenario(proxies int, tier harness.Tier) harness.Scenario {
	sc := labScenario(proxies, 2, 1)
	tier.Kind, tier.Count = "haproxy", proxies
	sc.Topology[harness.TierProxy] = tier
	return sc
}

func TestPlainKeysAreTheTalks(t *testing.T) {
	config := rendered(t, proxyScenario(1, harness.Tier{Keys: harness.KeysPlain}))
	for _, part := range []string{
		"    table quota type string len 8 size 10000 store gpc0\n",
		"    http-response track-sc0 str(c0001) table tracker/quota if is_dynamic\n    http-response sc-inc-gpc0(0) if is_dynamic\n",
	} {
		if !strings.Contains(config, part) {
			t.Errorf("no %q in\n%s", part, config)
		}
	}
	for _, part := range []string{"proc.", "rfc5424", "if { stopping }", "set-log-level"} {
		if strings.Contains(config, part) {
			t.Errorf("%q in\n%s", part, config)
		}
	}
}

func TestStoppingProcessLogsToEveryTracker(t *testing.T) {
	config := rendered(t, labScenario(1, 1, 2))
	if n := strings.Count(config, "    log 127.9.9.9:5514 len 4096 format rfc5424 local0 notice\n"); n != 2 {
		t.Errorf("%d logs for two trackers in\n%s", n, config)
	}
}

func TestProxyThatCountsNothingSaysNothingOfIt(t *testing.T) {
	for _, style := range []harness.KeyStyle{harness.KeysExact, harness.KeysPlain} {
		sc := proxyScenario(2, harness.Tier{Keys: style, Table: &harness.Table{Peered: true, BusySlot: true, ClearLocal: true}})
		sc.Topology[harness.TierTracker] = harness.Tier{Kind: "quota-tracker", State: harness.TrackerOff}
		config := rendered(t, sc)
		for _, part := range []string{"proc.", "rfc5424", "track-sc", "gpc0", "peers", "stick-table", "{ stopping }"} {
			if strings.Contains(config, part) {
				t.Errorf("%s: %q in\n%s", style, part, config)
			}
		}
	}
}

func TestTableIsDeclaredAsAskedFor(t *testing.T) {
	for want, table := range map[string]harness.Table{
		"type string len 8 size 10000 store gpc0":                                                   {},
		"type string len 12 size 5 store gpc0":                                                      {Length: 12, Size: 5},
		"type string len 8 size 10000 expire 1500ms nopurge store gpc0,conn_cur,http_req_rate(10s)": {Expire: 1500 * time.Millisecond, NoPurge: true, Store: "conn_cur,http_req_rate(10s)"},
	} {
		config := rendered(t, proxyScenario(1, harness.Tier{Keys: harness.KeysPlain, Table: &table}))
		if !strings.Contains(config, "    table quota "+want+"\n") {
			t.Errorf("no table quota %s in\n%s", want, config)
		}
	}
}

func TestTablesWorkInProcesses(t *testing.T) { testTables(t, engineLocal) }

func TestTablesWorkInContainers(t *testing.T) {
	needDocker(t)
	testTables(t, engineDocker)
}

// testTables plays a table that has everything that harms no count, and then each that
// does.
func testTables(t *testing.T, engineName string) {
	opts := testOptions(t, engineName)
	t.Run("PeeredProxiesAreExact", func(t *testing.T) { peeredIsExact(t, opts) })
	t.Run("BusySlotCountsNobody", func(t *testing.T) { busySlotCountsNobody(t, opts) })
	t.Run("ClearLocalForgetsAtAReload", func(t *testing.T) { clearLocalForgets(t, opts) })
	t.Run("ShortKeysAreShared", func(t *testing.T) { shortKeysAreShared(t, opts) })
}

func peeredIsExact(t *testing.T, opts Options) {
	table := &harness.Table{Size: 1000, Length: 80, Expire: time.Hour, NoPurge: true, Store: "conn_cur,http_req_rate(10s)", Peered: true}
	sc := proxyScenario(2, harness.Tier{Table: table, Retry: true})
	sc.Workload.Prefix = "shop-"
	l := &styled{lab: startLab(t, sc, opts), want: harness.Ledger{}}
	proxyWarnsOfNothing(t, l.lab)
	for _, endpoint := range []int{0, 1, 1} {
		l.pageAt(t, endpoint, "shop-c0001")
	}
	for _, n := range l.plan.of(harness.TierProxy) {
		ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
		err := await(ctx, n.name+" has its own key and that of the other", func(context.Context) error {
			if keys := keysOf(t, l.lab, n); len(keys) != 2 {
				return fmt.Errorf("it has %v", keys)
			}
			return nil
		})
		stop()
		if err != nil {
			t.Error(err)
		}
	}
	if _, err := l.Disturb(t.Context(), harness.Fault{Do: harness.FaultReload, Node: "proxy2"}); err != nil {
		t.Fatal(err)
	}
	// The new process learns both and adds its own. (Whether the other HAProxy hears of that one is not asked: it was
	// seen not to for 30 s. The tracker does.)
	//
	// The process that stops may still answer; it logs what it answers and makes no key.
	reloaded := l.plan.of(harness.TierProxy)[1]
	err := await(timeLimit(t, patience), reloaded.name+" has learned both keys", func(context.Context) error {
		if keys := keysOf(t, l.lab, reloaded); len(keys) < 2 {
			return fmt.Errorf("it has %v", keys)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for answered := 0; answered == 0 || len(keysOf(t, l.lab, reloaded)) != 3; answered++ {
		if answered == 50 {
			t.Fatalf("%d answers after the reload of %s and no key of its new process: %v", answered, reloaded.name, keysOf(t, l.lab, reloaded))
		}
		l.pageAt(t, 1, "shop-c0001")
	}
	for name, got := range l.testimonies(t) {
		if diff := cmp.Diff(l.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func busySlotCountsNobody(t *testing.T, opts Options) {
	l := &styled{lab: startLab(t, proxyScenario(1, harness.Tier{Table: &harness.Table{BusySlot: true}}), opts), want: harness.Ledger{}}
	l.page(t, "c0001")
	for name, got := range l.testimonies(t) {
		want := l.want
		if name == harness.WitnessStickTable || name == harness.WitnessTracker {
			want = harness.Ledger{}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func clearLocalForgets(t *testing.T, opts Options) {
	l := &styled{lab: startLab(t, proxyScenario(1, harness.Tier{Table: &harness.Table{ClearLocal: true}}), opts), want: harness.Ledger{}}
	l.page(t, "c0001")
	if said := l.testimonies(t); cmp.Diff(l.want, said[harness.WitnessTracker]) != "" {
		t.Errorf("before the reload: %v", said)
	}
	if _, err := l.Disturb(t.Context(), harness.Fault{Do: harness.FaultReload, Node: "proxy1"}); err != nil {
		t.Fatal(err)
	}
	reloaded := l.plan.of(harness.TierProxy)[0]
	for answered := 0; len(keysOf(t, l.lab, reloaded)) == 0; answered++ { // the process that stops may still answer
		if answered == 50 {
			t.Fatal("50 answers after the reload and no key of the new process")
		}
		l.page(t, "c0002")
	}
	said := l.testimonies(t)
	if diff := cmp.Diff(l.want, said[harness.WitnessTracker]); diff != "" {
		t.Errorf("the tracker had heard of it before (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(harness.Ledger{"c0002": {Sure: 1}}, said[harness.WitnessStickTable]); diff != "" {
		t.Errorf("the new process was taught (-want +got):\n%s", diff)
	}
}

func shortKeysAreShared(t *testing.T, opts Options) {
	sc := proxyScenario(1, harness.Tier{Keys: harness.KeysPlain})
	sc.Workload.Prefix = "shop-"
	l := &styled{lab: startLab(t, sc, opts), want: harness.Ledger{}}
	l.page(t, "shop-c0001")
	l.page(t, "shop-c0002")
	said := l.testimonies(t)
	for _, name := range []string{harness.WitnessStickTable, harness.WitnessTracker} {
		if diff := cmp.Diff(harness.Ledger{"shop-c00": {Sure: 2}}, said[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// keysOf are the keys that a proxy's table has, sorted.
func keysOf(t *testing.T, l *lab, n *node) []string {
	t.Helper()
	entries, err := runtimeapi.New(n.at(ports.Runtime)).ShowTable(t.Context(), l.plan.table())
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, e := range entries {
		keys = append(keys, e.Key)
	}
	slices.Sort(keys)
	return keys
}
