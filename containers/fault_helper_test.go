package containers

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
)

// startDisturbed starts a lab that may meet faults.
func startDisturbed(t *testing.T, engineName string, trackers, webs []string) *disturbed {
	t.Helper()
	sc := labScenario(1, 1, 1)
	for _, do := range trackers {
		sc.Faults = append(sc.Faults, harness.Fault{Do: do, Node: "tracker1"})
	}
	for _, do := range webs {
		sc.Faults = append(sc.Faults, harness.Fault{Do: do, Node: "backend1"})
	}
	return &disturbed{lab: startLab(t, sc, testOptions(t, engineName))}
}

// during plays a fault that lasts until its effect was seen. Afterwards the lab is
// whole and the witnesses agree.
func (l *disturbed) during(t *testing.T, f harness.Fault, effect func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(timeLimit(t, patience))
	defer cancel()
	f.For = time.Hour
	over := make(chan error, 1)
	go func() {
		_, err := l.Disturb(ctx, f)
		cancel()
		over <- err
	}()
	if err := await(ctx, "effect", func(context.Context) error { return effect() }); err != nil {
		t.Error(err)
	}
	if f.Node == "tracker1" {
		l.serve(t) // users see nothing of it
	}
	cancel()
	if err := <-over; !errors.Is(err, context.Canceled) {
		t.Fatalf("the fault ended with %v, want the end of the context", err)
	}
	l.recover(t)
	l.agree(t)
}

// recover waits until the lab is whole.
func (l *disturbed) recover(t *testing.T) {
	t.Helper()
	began := time.Now()
	if err := await(timeLimit(t, patience), "whole", l.Recovered); err != nil {
		t.Fatal(err)
	}
	t.Logf("whole after %v", time.Since(began).Round(time.Millisecond))
}

func TestFaultOnATierThatIsOffIsASham(t *testing.T) {
	sc := labScenario(1, 1, 1)
	sc.Topology[harness.TierTracker] = harness.Tier{Kind: "quota-tracker", State: harness.TrackerOff}
	p, err := newPlan(sc, Options{}, engineLocal)
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{plan: p}
	p.nodes[1].runs(&halfPaused{})
	for _, f := range []harness.Fault{
		{Do: harness.FaultCut, Node: "tracker1", For: 50 * time.Millisecond},
		{Do: harness.FaultRestart, Node: "tracker1", After: 50 * time.Millisecond},
		{Do: harness.FaultClear, Node: "proxy1"},
		{Do: harness.FaultSet, Node: "proxy1", Value: 7},
		{Do: harness.FaultRename, Node: "proxy1"},
	} {
		began := time.Now()
		deed, err := l.Disturb(t.Context(), f)
		if took := time.Since(began); err != nil || !deed.Sham || took < f.For+f.After {
			t.Errorf("%s %s: %+v %v after %v", f.Do, f.Node, deed, err, took)
		}
	}
}
