package containers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/runtimeapi"
)

func TestProxyFaultsInProcesses(t *testing.T) { testProxyFaults(t, engineLocal) }

func TestProxyFaultsInContainers(t *testing.T) {
	needDocker(t)
	testProxyFaults(t, engineDocker)
}

// testProxyFaults plays what can be done to a proxy and its table. A table that was
// lost on purpose is no witness any more; all others agree.
func testProxyFaults(t *testing.T, engineName string) {
	l := startDisturbed(t, engineName, nil, webFaults)
	l.agree(t)
	t.Run("ManyReloads", func(t *testing.T) { l.reloadAtOnce(t) })
	l.lostTable = true
	t.Run("GracefulEndServesWhoIsThere", func(t *testing.T) { l.endGracefully(t) })
	for _, row := range []struct {
		name  string
		fault harness.Fault
	}{
		{"PoliteEnd", harness.Fault{Do: harness.FaultRestart, Signal: "term"}},
		{"OtherName", harness.Fault{Do: harness.FaultRename}},
		{"YetAnotherName", harness.Fault{Do: harness.FaultRename}},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := row.fault
			before, source := l.worker(t), l.source(t)
			f.Node = "proxy1"
			l.play(t, f)
			l.recover(t)
			if after := l.worker(t); after == before {
				t.Errorf("worker %s before and after", before.pid)
			}
			if after := l.source(t); (after != source) != (f.Do == harness.FaultRename) {
				t.Errorf("peer %s before and %s after", source, after)
			}
			l.agree(t)
		})
	}
	t.Run("ClearedTableIsEmpty", func(t *testing.T) {
		l.play(t, harness.Fault{Do: harness.FaultClear, Node: "proxy1"})
		if entries, err := l.api().ShowTable(t.Context(), l.plan.table()); err != nil || len(entries) > 0 {
			t.Errorf("entries %v %v", entries, err)
		}
		l.agree(t)
	})
	t.Run("SetCountersAreCounted", func(t *testing.T) { l.setCounters(t) })
}

func (l *disturbed) api() *runtimeapi.Client {
	return runtimeapi.New(l.node("proxy1").at(ports.Runtime))
}

// source is the proxy's name as its peers hear it.
func (l *disturbed) source(t *testing.T) string {
	t.Helper()
	sections, err := l.api().ShowPeers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sections {
		for _, peer := range s.Peers {
			if !peer.Remote {
				return peer.Name
			}
		}
	}
	t.Fatal("no local peer")
	return ""
}

// reloadAtOnce asks for reloads while others are under way.
func (l *disturbed) reloadAtOnce(t *testing.T) {
	before := l.worker(t)
	var group sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		group.Go(func() { _, errs[i] = l.Disturb(t.Context(), harness.Fault{Do: harness.FaultReload, Node: "proxy1"}) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if after := l.worker(t); after == before {
		t.Errorf("worker %s before and after", before.pid)
	}
	l.recover(t)
	l.agree(t)
}

// endGracefully restarts the proxy by usr1 while it serves somebody.
func (l *disturbed) endGracefully(t *testing.T) {
	before := l.worker(t)
	if err := os.WriteFile(filepath.Join(l.node("backend1").site.HostDir, webFaultFile), []byte("slow 3000000"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := make(chan error, 1)
	go func() {
		a, err := l.page(t)
		if a.Status != 200 && err == nil {
			err = fmt.Errorf("answer %+v", a)
		}
		got <- err
	}()
	err := await(timeLimit(t, patience), "question", func(ctx context.Context) error {
		if webBusy(ctx, l.node("backend1")) == nil {
			return errors.New("nobody asks PHP")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) > 0 {
		t.Fatalf("answered before the end was asked for: %v", <-got)
	}
	l.play(t, harness.Fault{Do: harness.FaultRestart, Node: "proxy1", Signal: "usr1"})
	if err := <-got; err != nil {
		t.Error(err)
	}
	if err := os.Remove(filepath.Join(l.node("backend1").site.HostDir, webFaultFile)); err != nil {
		t.Fatal(err)
	}
	if after := l.worker(t); after == before {
		t.Errorf("worker %s before and after", before.pid)
	}
	l.recover(t)
	l.agree(t)
}

// setCounters sets three counters of which one has counted, first up, then down: what
// falls is a counter that begins anew.
func (l *disturbed) setCounters(t *testing.T) {
	entries, err := l.api().ShowTable(t.Context(), l.plan.table())
	if err != nil || len(entries) != 1 || !strings.HasPrefix(entries[0].Key, "c0000") {
		t.Fatalf("entries %v %v", entries, err)
	}
	counted := entries[0].Data["gpc0"]
	deed, err := l.Disturb(t.Context(), harness.Fault{Do: harness.FaultSet, Node: "proxy1", Value: 1000})
	if diff := cmp.Diff(map[string]uint64{"c0000": 1000 - counted, "c0001": 1000, "c0002": 1000}, deed.Amounts); err != nil || diff != "" {
		t.Fatalf("%v (-want +got):\n%s", err, diff)
	}
	if s, err := l.Settle(t.Context()); err != nil || !s.Settled {
		t.Fatalf("settlement %+v %v", s, err)
	}
	deed, err = l.Disturb(t.Context(), harness.Fault{Do: harness.FaultSet, Node: "proxy1", Value: 400})
	if diff := cmp.Diff(map[string]uint64{"c0000": 400, "c0001": 400, "c0002": 400}, deed.Amounts); err != nil || diff != "" {
		t.Fatalf("lower: %v (-want +got):\n%s", err, diff)
	}
	if s, err := l.Settle(t.Context()); err != nil || !s.Settled {
		t.Fatalf("settlement %+v %v", s, err)
	}
	want := harness.Ledger{"c0000": {Sure: l.pages + 1400 - counted}, "c0001": {Sure: 1400}, "c0002": {Sure: 1400}}
	for _, w := range l.Witnesses() {
		if w.Name() != harness.WitnessTracker {
			continue
		}
		got, err := w.Testify(t.Context())
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("tracker: %v (-want +got):\n%s", err, diff)
		}
	}
}
