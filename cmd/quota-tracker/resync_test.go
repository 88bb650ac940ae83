package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/harnesstest/simproxy"
	"github.com/haproof/haproof/harness/tracker/api"
	"github.com/haproof/haproof/harness/tracker/store"
)

// A tracker with an empty store is taught a large table and told to stop meanwhile.
func TestToldToStopInTheMiddleOfAResyncItEndsWell(t *testing.T) {
	const many = 150_000
	p := newProgram(t, "tracker", filepath.Join(t.TempDir(), "tracker.db"), "generation")
	proxy := simproxy.New(simproxy.Config{Name: "hap1", Generation: "1", Addrs: []string{p.peers}, Redial: redial})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { proxy.Run(ctx) })
	defer running.Wait()
	defer stop()
	p.start()
	if err := proxy.Flood(ctx, many, many); err != nil {
		t.Fatal(err)
	}
	if err := proxy.Idle(ctx); err != nil {
		t.Fatal(err)
	}
	// Where in the lesson it is told to stop is chance, so it is told until it was halfway.
	halfway := 0
	for tries := 0; tries < 3 || halfway == 0 && tries < 30; tries++ {
		p.stop()
		if err := os.Remove(p.store); err != nil {
			t.Fatal(err)
		}
		p.start()
		realtest.Await(t, "it is being taught", func() error {
			var s api.Source
			if err := p.get("/v1/sources/hap1", &s); err != nil {
				return err
			}
			if s.Total == 0 {
				return errors.New("nothing was counted")
			}
			return nil
		})
		p.stop()
		p.verify()
		r, err := store.OpenReader(ctx, p.store, false)
		if err != nil {
			t.Fatal(err)
		}
		stored := everything(t, r)
		if err := atMost(stored, proxy.Truth()); err != nil {
			t.Error(err)
		}
		if n := whole(stored); n > 0 && n < whole(proxy.Truth()) {
			halfway++
		}
		p.start() // with what it has of the table
		realtest.Await(t, "all is told", func() error { return p.told(1) })
		if diff := cmp.Diff(proxy.Truth(), p.counts()); diff != "" {
			t.Errorf("(-counted +shown): %.2000s", diff)
		}
	}
	p.stop()
	t.Logf("%d times halfway", halfway)
	if halfway == 0 {
		t.Error("it was never told to stop halfway: nothing was tested")
	}
}
