package main

import (
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// PostgreSQL is restarted, in order and by a crash, while HAProxies count.
func TestPostgresRestartedUnderTrafficLosesAndRepeatsNothing(t *testing.T) {
	for _, keys := range []string{"generation", "plain"} {
		t.Run(keys, func(t *testing.T) {
			p := newProgram(t, "tracker", postgresStore(t), keys)
			p.start()
			f := newFleet(t, keys, 2000, p)
			for _, how := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGINT} {
				realtest.Await(t, "all HAProxies have told everything", func() error { return p.told(fleetSize) })
				if err := realtest.ThePostgres(t).Stop(how); err != nil {
					t.Fatal(err)
				}
				realtest.Await(t, "not ready", func() error {
					if status, text := p.ask("/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(text, "nothing was committed") {
						return errors.New(text)
					}
					return nil
				})
				acked, counted := f.atRest(), whole(f.truth())
				realtest.Await(t, "more is counted", func() error { return grown(0, counted, whole(f.truth())) })
				if now := whole(f.acked()); now != acked {
					t.Errorf("%d were acknowledged while nothing could be stored", now-acked)
				}
				if err := realtest.ThePostgres(t).Start(); err != nil {
					t.Fatal(err)
				}
				realtest.Await(t, "ready again", p.ready)
			}
			f.calm()
			f.idle()
			if diff := cmp.Diff(f.truth(), p.counts()); diff != "" {
				t.Errorf("(-counted +shown): %s", diff)
			}
			p.stop()
			p.verify()
		})
	}
}
