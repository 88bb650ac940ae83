//go:build amd64 || arm64

package driver

import (
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
)

func TestEndedAttemptsAreHandedOverWhenOldButWakeNobodyWhileYoung(t *testing.T) {
	to := make(chan *batch, 1)
	d := newDrawer()
	d.to = to
	if wait := d.tidy(time.Hour); wait >= 0 {
		t.Errorf("an empty drawer wants to be tidied after %v, want never", wait)
	}
	ended := time.Second
	d.add(&harness.Attempt{Seq: 7, Done: ended}, &Target{}, &ending{})
	if wait := d.tidy(ended + outboxAge/2); wait != outboxLate-outboxAge/2 || len(to) != 0 {
		t.Errorf("young: wants to be tidied after %v with %d batches handed over, want %v and none", wait, len(to), outboxLate-outboxAge/2)
	}
	if wait := d.tidy(ended + outboxAge); wait >= 0 || len(to) != 1 {
		t.Fatalf("old: wants to be tidied after %v with %d batches handed over, want never and one", wait, len(to))
	}
	if b := <-to; len(b.attempts) != 1 || b.attempts[0].Seq != 7 {
		t.Errorf("handed over %+v, want attempt 7", b.attempts)
	}
}

func TestFullDrawerIsHandedOverHoweverYoung(t *testing.T) {
	to := make(chan *batch, 1)
	d := newDrawer()
	d.to = to
	for k := range uint64(outboxBatch) {
		d.add(&harness.Attempt{Seq: k}, &Target{}, &ending{})
	}
	if wait := d.tidy(0); wait >= 0 || len(to) != 1 {
		t.Errorf("wants to be tidied after %v with %d batches handed over, want never and one", wait, len(to))
	}
}
