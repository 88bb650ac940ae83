package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// Two trackers of the same HAProxies agree to the last count, although one of them
// was down while processes were replaced, connections broke and all went on counting.
func TestTwoTrackersAgreeAfterOneWasDown(t *testing.T) {
	t.Parallel()
	for _, keys := range []string{"generation", "plain"} {
		t.Run(keys, func(t *testing.T) {
			t.Parallel()
			one := newProgram(t, "tracker", filepath.Join(t.TempDir(), "one.db"), keys)
			two := newProgram(t, "tracker", filepath.Join(t.TempDir(), "two.db"), keys)
			one.start()
			two.start()
			f := newFleet(t, keys, 5000, one, two)
			for round := range 3 {
				realtest.Await(t, "both were told everything", func() error { return bothTold(one, two) })
				if round%2 == 0 {
					two.kill()
				} else {
					two.stop()
				}
				f.trouble(keys == "generation")
				two.start()
			}
			realtest.Await(t, "both were told everything", func() error { return bothTold(one, two) })
			f.calm()
			f.idle()
			for _, p := range []*program{one, two} {
				if diff := cmp.Diff(f.truth(), p.counts()); diff != "" {
					t.Errorf("%s: %s", p.store, diff)
				}
				p.stop()
				p.verify()
			}
		})
	}
}

// trouble is what happens to HAProxies in a while: each has counted some more when
// it is over.
func (f *fleet) trouble(reloads bool) {
	f.t.Helper()
	for range 3 {
		i := rand.IntN(fleetSize)
		f.proxies[i].Cut()
		if reloads {
			f.reload(i)
		}
		for i, p := range f.proxies {
			before := whole(p.Truth())
			realtest.Await(f.t, "more is counted", func() error { return grown(i, before, whole(p.Truth())) })
		}
	}
}

func bothTold(one, two *program) error {
	return errors.Join(one.told(fleetSize), two.told(fleetSize))
}

func grown(proxy int, before, now uint64) error {
	if now < before+1000 {
		return fmt.Errorf("HAProxy %d counted %d, had %d", proxy, now, before)
	}
	return nil
}
