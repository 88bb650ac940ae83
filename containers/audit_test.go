package containers

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/audit"
)

// trapped returns the ids of the errors and warnings in a proxy's configuration, once
// each, for a version of HAProxy. It must be billed from the table of the tracker.
func trapped(t *testing.T, sc harness.Scenario, version string) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(path, []byte(rendered(t, sc)), 0o600); err != nil {
		t.Fatal(err)
	}
	env := audit.Environment{Hostname: "machine"}
	var err error
	if env.Version, err = audit.ParseVersion(version); err != nil {
		t.Fatal(err)
	}
	config, err := audit.Read([]string{path}, env)
	if err != nil {
		t.Fatal(err)
	}
	config.Bill("")
	if diff := cmp.Diff([]string{"tracker/quota"}, config.Billed()); diff != "" {
		t.Fatalf("billed from (-want +got):\n%s", diff)
	}
	var ids []string
	for _, f := range config.Examine() {
		if f.Severity != audit.Note {
			ids = append(ids, f.ID)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(ids)))
}

func TestExactProxiesFallIntoNoTrap(t *testing.T) {
	limited := limitedScenario()
	limited.Topology[harness.TierTracker].Limits.Expire = time.Minute
	for why, sc := range map[string]harness.Scenario{
		"one tracker":    labScenario(1, 2, 1),
		"several":        labScenario(2, 2, 2),
		"limits":         limited,
		"proxies peered": proxyScenario(2, harness.Tier{Table: &harness.Table{Peered: true}}),
		"retries":        proxyScenario(1, harness.Tier{Retry: true}),
	} {
		for _, version := range []string{"2.6.12", "3.0.11", "3.2.26", "3.4.7"} {
			if diff := cmp.Diff([]string(nil), trapped(t, sc, version)); diff != "" {
				t.Errorf("%s, HAProxy %s (-want +got):\n%s", why, version, diff)
			}
		}
	}
}

func TestCarelessProxiesFallIntoTheirTraps(t *testing.T) {
	for want, tier := range map[string]harness.Tier{
		"generation-missing": {Keys: harness.KeysPlain},
		"key-cut":            {Table: &harness.Table{Length: 8}},
		"local-clear":        {Table: &harness.Table{ClearLocal: true}},
		"slot-busy":          {Table: &harness.Table{BusySlot: true}},
		"table-nopurge":      {Table: &harness.Table{NoPurge: true}},
	} {
		if diff := cmp.Diff([]string{want}, trapped(t, proxyScenario(1, tier), "3.4.7")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
