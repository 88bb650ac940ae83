package driver

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
)

// streamWorkloads are the workloads whose streams are held: every profile, and
// routes.
func streamWorkloads() map[string]harness.Workload {
	all := map[string]harness.Workload{"routes": routedWorkload()}
	for _, profile := range Profiles() {
		w := usual()
		w.Profile, w.Work, w.Customers = profile, 300*time.Microsecond, 40
		w.Abort = &harness.Abort{Share: 0.1, When: harness.AbortBody}
		all[profile] = w
	}
	return all
}

// streamHash is a fingerprint of the first attempts of a stream: their bytes, and
// what is expected of them.
func streamHash(t *testing.T, w harness.Workload, order []uint64) string {
	t.Helper()
	parts := make([][sha256.Size]byte, len(order))
	targets := targetsOf(t, w)
	for _, k := range order {
		target := targets.At(k)
		b := fmt.Appendf(nil, "%v %s %s %d %v %d %v %s %s\n", target.TLS, target.Key, target.Host, target.Status, target.AnyBytes,
			target.Bytes, target.Dynamic, target.Leave, targets.Routes()[target.Route])
		parts[k] = sha256.Sum256(appendAttempt(b, k, &target, target.Path))
	}
	whole := sha256.New()
	for _, p := range parts {
		whole.Write(p[:])
	}
	return hex.EncodeToString(whole.Sum(nil))[:16]
}

// TestStreamsChangeOnlyOnPurpose holds the first 3,000 attempts of every stream. A
// record names a seed, and the seed stands for the stream: where it changes, old
// records cannot be repeated, and CHANGELOG.md must say so.
func TestStreamsChangeOnlyOnPurpose(t *testing.T) {
	want := map[string]string{
		"ads": "d859c4163e5ef676", "dynamic": "7a1f6af00d24ab87", "mixed": "743be7e6cb88601d", "php": "dd7a7f3f300fb74a",
		"routes": "f7613d71b474f2b4",
	}
	forward := make([]uint64, 3000)
	for k := range forward {
		forward[k] = uint64(k)
	}
	backward := slices.Clone(forward)
	slices.Reverse(backward)
	workloads := streamWorkloads()
	for _, name := range slices.Sorted(maps.Keys(workloads)) {
		w := workloads[name]
		got := streamHash(t, w, forward)
		if got != want[name] {
			t.Errorf("the stream of %s has fingerprint %q, want %q: if that is meant, say so in CHANGELOG.md", name, got, want[name])
		}
		if again := streamHash(t, w, backward); again != got {
			t.Errorf("%s depends on the order in which attempts are asked for", name)
		}
		w.Seed++
		if other := streamHash(t, w, forward); other == got {
			t.Errorf("%s does not depend on the seed", name)
		}
	}
}
