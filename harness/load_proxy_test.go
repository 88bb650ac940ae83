package harness

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSettingsOfProxiesDecode(t *testing.T) {
	src := strings.NewReplacer("{kind: haproxy}", `
    kind: haproxy
    count: 2
    keys: plain
    table: {size: 100, length: 12, expire: 2s, nopurge: true, store: "conn_cur,http_req_rate(10s)", busyslot: true, clearlocal: true, peered: true}
    retry: true
  tracker: {kind: quota-tracker}`, "rate: 10/s", "rate: 10/s, prefix: shop-").Replace(short)
	got := load(t, src)
	want := Tier{Kind: "haproxy", Count: 2, Keys: KeysPlain, Retry: true, Table: &Table{
		Size: 100, Length: 12, Expire: 2 * time.Second, NoPurge: true, Store: "conn_cur,http_req_rate(10s)",
		BusySlot: true, ClearLocal: true, Peered: true,
	}}
	if diff := cmp.Diff(want, got.Topology[TierProxy]); diff != "" {
		t.Errorf("proxy (-want +got):\n%s", diff)
	}
	if got.Workload.Customer(7) != "shop-c0007" || got.Topology.KeyStyle() != KeysPlain {
		t.Errorf("customer %s, keys %s", got.Workload.Customer(7), got.Topology.KeyStyle())
	}
	if style := load(t, short).Topology.KeyStyle(); style != KeysExact {
		t.Errorf("without keys: %s", style)
	}
}

func TestTableThatMiscountsIsSaid(t *testing.T) {
	scenario := func(style KeyStyle, table Table, state TrackerState) Scenario {
		return Scenario{
			Topology: Topology{TierProxy: {Count: 2, Keys: style, Table: &table}, TierTracker: {State: state}},
			Workload: Workload{Customers: 50, Prefix: "shop-"},
		}
	}
	for _, tc := range []struct {
		sc   Scenario
		want []string // beginnings
	}{
		{Scenario{}, nil},
		{scenario(KeysPlain, Table{Length: 10}, ""), nil}, // shop-c0049
		{scenario(KeysPlain, Table{Length: 9}, ""), []string{"keys of 10 bytes are cut to 9"}},
		{scenario(KeysExact, Table{Length: 31}, ""), nil}, // shop-c0049|proxy2-1795222488088
		{scenario(KeysExact, Table{Length: 30}, ""), []string{"keys of 31 bytes are cut to 30"}},
		{scenario(KeysExact, Table{Size: 49}, ""), []string{"the table has room for 49 of 50 customers"}},
		{scenario(KeysExact, Table{BusySlot: true, ClearLocal: true}, ""), []string{"another rule", "the local peer has no TLS"}},
		{scenario(KeysExact, Table{BusySlot: true, Size: 1}, TrackerOff), nil}, // nobody is counted
		{scenario(KeysPlain, Table{Peered: true}, ""), []string{"proxies write one counter with plain keys"}},
		{scenario(KeysExact, Table{Expire: time.Second, NoPurge: true, Peered: true, Store: "conn_cur"}, ""), nil},
	} {
		got := tc.sc.Careless()
		for i := range got {
			if i < len(tc.want) && strings.HasPrefix(got[i], tc.want[i]) {
				got[i] = tc.want[i]
			}
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tc.sc.Topology, diff)
		}
	}
}
