package containers

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

func TestFaultsInProcesses(t *testing.T) { testFaults(t, engineLocal) }

func TestFaultsInContainers(t *testing.T) {
	needDocker(t)
	testFaults(t, engineDocker)
}

// testFaults plays every fault on one lab. After each, pages are served and what
// is left of the lab agrees on all that was served since its start.
func testFaults(t *testing.T, engineName string) {
	l := &disturbed{lab: startLab(t, labScenario(1, 2, 1), testOptions(t, engineName))}
	l.serve(t)
	t.Run("StoppedNodeGoesOn", func(t *testing.T) { l.stopTracker(t) })
	t.Run("RestartedNodeKeepsItsFiles", func(t *testing.T) {
		l.play(t, harness.Fault{Do: harness.FaultRestart, Node: "tracker1", After: 50 * time.Millisecond})
		l.agree(t)
		l.usageBeganAnew(t, "tracker1")
	})
	t.Run("RestartedBackendServesAgain", func(t *testing.T) {
		l.play(t, harness.Fault{Do: harness.FaultRestart, Node: "backend1"})
		l.awaitReady(t)
		l.agree(t)
	})
	t.Run("ReloadedProxyKeepsItsTable", func(t *testing.T) {
		before := l.worker(t)
		l.play(t, harness.Fault{Do: harness.FaultReload, Node: "proxy1"})
		if after := l.worker(t); after == before {
			t.Errorf("worker %s before and after", before.pid)
		}
		l.agree(t)
	})
	t.Run("InterruptedStopGoesOnAtOnce", func(t *testing.T) { l.interruptStop(t) })
	t.Run("KilledNodeIsNoFailure", func(t *testing.T) { l.killTracker(t) })
	t.Run("ImpossibleFaultIsAnError", func(t *testing.T) { l.refuse(t) })
}

// disturbed is a lab with the number of pages that it has served to c0000.
type disturbed struct {
	*lab
	pages     uint64
	lostTable bool // the table of the proxy is no witness any more
}

func (l *disturbed) serve(t *testing.T) {
	t.Helper()
	for range 4 {
		got := ask(t, l.Endpoints(harness.RouteProxy)[0], true, "GET", "c0000.customers.test", "/?size=10", "")
		if diff := cmp.Diff(answer{Status: 200, Size: 10, PHP: true}, got); diff != "" {
			t.Fatalf("page (-want +got):\n%s", diff)
		}
		l.pages++
	}
}

func (l *disturbed) play(t *testing.T, f harness.Fault) {
	t.Helper()
	began := time.Now()
	if _, err := l.Disturb(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s took %v", f.Do, time.Since(began).Round(time.Millisecond))
	if failures := l.Failures(); len(failures) > 0 {
		t.Errorf("failures: %+v", failures)
	}
}

// agree serves a few more pages and asks the witnesses.
func (l *disturbed) agree(t *testing.T) {
	t.Helper()
	l.serve(t)
	s, err := l.Settle(t.Context())
	if err != nil || !s.Settled || len(s.LeftOut) > 0 {
		t.Fatalf("settlement %+v %v", s, err)
	}
	for _, w := range l.Witnesses() {
		if l.lostTable && w.Name() == harness.WitnessStickTable {
			continue
		}
		want := l.pages
		if w.Name() == harness.WitnessStickTable {
			want -= logged(t, l.lab, " drained=1")["c0000"].Sure
		}
		got, err := w.Testify(t.Context())
		if diff := cmp.Diff(harness.Ledger{"c0000": {Sure: want}}, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", w.Name(), err, diff)
		}
	}
}

var customerLogged = regexp.MustCompile(` customer=(\S+) `)

// logged returns whom proxies have answered in lines of their log with some words. A
// process that was told to stop may take an attempt before it heard of that, and then
// logs it instead of counting it.
func logged(t *testing.T, l *lab, words string) harness.Ledger {
	t.Helper()
	answered := harness.Ledger{}
	for _, line := range linesOf(t, l, harness.TierProxy, "haproxy.log") {
		if found := customerLogged.FindStringSubmatch(line); found != nil && strings.Contains(line, words) {
			answered[found[1]] = harness.Tally{Sure: answered[found[1]].Sure + 1}
		}
	}
	return answered
}

func (l *disturbed) node(name string) *node {
	for _, n := range l.plan.nodes {
		if n.name == name {
			return n
		}
	}
	return nil
}

// awaitReady waits until the proxy has seen that the backends are back.
func (l *disturbed) awaitReady(t *testing.T) {
	t.Helper()
	proxy := l.node("proxy1")
	err := await(timeLimit(t, patience), "ready", func(ctx context.Context) error { return haproxyReady(ctx, l.plan, proxy) })
	if err != nil {
		t.Fatal(err)
	}
}

func (l *disturbed) worker(t *testing.T) worker {
	t.Helper()
	pid, err := workerPID(t.Context(), l.node("proxy1"))
	if err != nil || pid == "" {
		t.Fatalf("worker %q: %v", pid, err)
	}
	return worker{l.node("proxy1").current(), pid}
}

// worker is one process of HAProxy. A container that is started again often gives its
// worker the number that the last one had.
type worker struct {
	start process
	pid   string
}

// stopTracker looks at the tracker while it is stopped.
func (l *disturbed) stopTracker(t *testing.T) {
	tracker := l.node("tracker1")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	over := make(chan error, 1)
	go func() {
		_, err := l.Disturb(ctx, harness.Fault{Do: harness.FaultStop, Node: "tracker1", For: time.Hour})
		over <- err
	}()
	err := await(timeLimit(t, patience), "stop", func(ctx context.Context) error {
		if tracker.meets() != stopped {
			return errors.New("it has not begun")
		}
		ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		if trackerReady(ctx, l.plan, tracker) == nil {
			return errors.New("the tracker answers")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	l.serve(t)
	s, err := l.Settle(t.Context())
	if want := []string{"tracker1 (stopped on purpose)"}; err != nil || !s.Settled || cmp.Diff(want, s.LeftOut) != "" {
		t.Errorf("settlement while stopped: %+v %v", s, err)
	}
	cancel()
	if err := <-over; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want the end of the context", err)
	}
	l.agree(t)
}

// interruptStop ends a long stop early. One that is not interrupted ends by itself.
func (l *disturbed) interruptStop(t *testing.T) {
	_, err := l.Disturb(timeLimit(t, 100*time.Millisecond), harness.Fault{Do: harness.FaultStop, Node: "tracker1", For: time.Hour})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the end of the context", err)
	}
	l.play(t, harness.Fault{Do: harness.FaultStop, Node: "tracker1", For: 100 * time.Millisecond})
	l.agree(t)
}

// usageBeganAnew wants no figure of a node whose counters began anew: a difference
// to an earlier reading would leave out what it had used until its death.
func (l *disturbed) usageBeganAnew(t *testing.T, name string) {
	t.Helper()
	usage, err := l.Usage(t.Context())
	i := slices.IndexFunc(usage, func(u harness.Usage) bool { return u.Node == name })
	want := harness.Usage{Node: name, Unknown: "it was started again"}
	if err != nil || i < 0 || usage[i] != want {
		t.Errorf("usage %+v %v, want %+v", usage, err, want)
	}
}

func (l *disturbed) killTracker(t *testing.T) {
	l.play(t, harness.Fault{Do: harness.FaultKill, Node: "tracker1"})
	if !l.node("tracker1").dead() {
		t.Error("it lives")
	}
	l.serve(t)
	s, err := l.Settle(t.Context())
	want := harness.Settlement{Settled: true, Took: s.Took, LeftOut: []string{"tracker1 (killed on purpose)"}}
	if diff := cmp.Diff(want, s); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, w := range l.Witnesses() {
		if w.Name() == harness.WitnessTracker {
			t.Error("a dead tracker is asked to testify")
		}
	}
}

func (l *disturbed) refuse(t *testing.T) {
	for part, f := range map[string]harness.Fault{
		`no node "tracker9"`:                     {Do: harness.FaultKill, Node: "tracker9"},
		`unknown fault "explode"`:                {Do: "explode", Node: "proxy1"},
		"cannot be disturbed: killed on purpose": {Do: harness.FaultStop, Node: "tracker1", For: time.Second},
	} {
		if _, err := l.Disturb(t.Context(), f); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%+v: got %v, want %q", f, err, part)
		}
	}
}

func TestLabWithoutItsProxySettlesInProcesses(t *testing.T) { testNoProxyLeft(t, engineLocal) }

func TestLabWithoutItsProxySettlesInContainers(t *testing.T) {
	needDocker(t)
	testNoProxyLeft(t, engineDocker)
}

// testNoProxyLeft kills the only proxy: the tracker is not to wait for it.
func testNoProxyLeft(t *testing.T, engineName string) {
	l := startLab(t, labScenario(1, 1, 1), testOptions(t, engineName))
	if _, err := l.Disturb(t.Context(), harness.Fault{Do: harness.FaultKill, Node: "proxy1"}); err != nil {
		t.Fatal(err)
	}
	s, err := l.Settle(t.Context())
	want := harness.Settlement{Settled: true, Took: s.Took, LeftOut: []string{"proxy1 (killed on purpose)"}}
	if diff := cmp.Diff(want, s); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// halfPaused is a process of which only a part could be stopped.
type halfPaused struct {
	process
	held bool
}

func (p *halfPaused) exited() <-chan struct{} { return nil }

func (p *halfPaused) pause(context.Context) error { p.held = true; return errors.New("one of two") }

func (p *halfPaused) resume(context.Context) error { p.held = false; return nil }

func TestNodeThatCouldNotBeStoppedGoesOn(t *testing.T) {
	p := &halfPaused{}
	n := &node{name: "proxy1", process: p}
	l := &lab{plan: &plan{nodes: []*node{n}}}
	_, err := l.Disturb(t.Context(), harness.Fault{Do: harness.FaultStop, Node: "proxy1", For: time.Hour})
	if err == nil || err.Error() != "one of two" || p.held || n.meets() != running {
		t.Errorf("got %v, held %v, %v; want the error, and a node that runs", err, p.held, n.meets())
	}
}

func TestTrackerStatesInProcesses(t *testing.T) { testTrackerStates(t, engineLocal) }

func TestTrackerStatesInContainers(t *testing.T) {
	needDocker(t)
	testTrackerStates(t, engineDocker)
}

// testTrackerStates sees pages served whatever becomes of the tracker, and who
// can testify then.
func testTrackerStates(t *testing.T, engineName string) {
	opts := testOptions(t, engineName)
	uncounted := []string{harness.WitnessOrigin, harness.WitnessProxyLog}
	untracked := []string{harness.WitnessOrigin, harness.WitnessStickTable, harness.WitnessProxyLog}
	all := append(untracked[:3:3], harness.WitnessTracker)
	for _, row := range []struct {
		state     harness.TrackerState
		witnesses []string
		leftOut   []string
	}{
		{harness.TrackerUp, all, nil},
		{harness.TrackerOff, uncounted, nil},
		{harness.TrackerAbsent, untracked, []string{"tracker1 (never started)"}},
		{harness.TrackerDead, untracked, []string{"tracker1 (killed on purpose)"}},
		{harness.TrackerStalled, untracked, []string{"tracker1 (stopped on purpose)"}},
		{harness.TrackerSlow, all, nil},
	} {
		t.Run(string(row.state), func(t *testing.T) {
			sc := labScenario(1, 1, 1)
			sc.Topology[harness.TierTracker] = harness.Tier{Kind: "quota-tracker", State: row.state}
			l := &disturbed{lab: startLab(t, sc, opts)}
			proxyWarnsOfNothing(t, l.lab)
			l.serve(t)
			s, err := l.Settle(t.Context())
			if diff := cmp.Diff(row.leftOut, s.LeftOut); err != nil || !s.Settled || diff != "" {
				t.Errorf("settlement %+v %v (-want +got):\n%s", s, err, diff)
			}
			var names []string
			for _, w := range l.Witnesses() {
				names = append(names, w.Name())
				got, err := w.Testify(t.Context())
				if diff := cmp.Diff(harness.Ledger{"c0000": {Sure: l.pages}}, got); diff != "" || err != nil {
					t.Errorf("%s: %v (-want +got):\n%s", w.Name(), err, diff)
				}
			}
			if diff := cmp.Diff(row.witnesses, names); diff != "" {
				t.Errorf("witnesses (-want +got):\n%s", diff)
			}
			if failures := l.Failures(); len(failures) > 0 {
				t.Errorf("failures: %+v", failures)
			}
			slowIsLimited(t, l.lab, row.state)
		})
	}
}

// slowIsLimited wants the limit of a slow tracker said, in force or not, and seen at
// work where it is.
func slowIsLimited(t *testing.T, l *lab, state harness.TrackerState) {
	for i, n := range l.Nodes() {
		if n.Tier != harness.TierTracker {
			continue
		}
		if (n.CPUs == harness.SlowCPUs) != (state == harness.TrackerSlow) || (n.Limited && state != harness.TrackerSlow) {
			t.Errorf("state %s: the tracker has %v CPUs, limited %v", state, n.CPUs, n.Limited)
		}
		if !n.Limited {
			continue
		}
		err := await(timeLimit(t, patience), "a period of the limit", func(ctx context.Context) error {
			usage, err := l.Usage(ctx)
			if err == nil && usage[i].Periods == 0 {
				err = fmt.Errorf("%s: %+v", n.Name, usage[i])
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestUncountedProxyHasNoTableAndNoPeers(t *testing.T) {
	sc := labScenario(1, 1, 1)
	sc.Topology[harness.TierTracker] = harness.Tier{Kind: "quota-tracker", State: harness.TrackerOff}
	config := rendered(t, sc)
	for _, word := range []string{"peers", "stick-table", "track-sc", "gpc0"} {
		if strings.Contains(config, "\n"+word) || strings.Contains(config, " "+word+" ") || strings.Contains(config, word+"(") {
			t.Errorf("%s in\n%s", word, config)
		}
	}
	if !strings.Contains(config, fmt.Sprintf("backend be_%s\n", "c0002")) {
		t.Errorf("no customer in\n%s", config)
	}
}
