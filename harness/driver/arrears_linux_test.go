//go:build amd64 || arm64

package driver

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
)

// TestFrozenClientDoesNotBurst freezes the only shard for longer than it may catch up at
// once, and looks for the fullest tenth of a second.
func TestFrozenClientDoesNotBurst(t *testing.T) {
	const (
		frozen = 1500 * time.Millisecond
		window = 100 * time.Millisecond
		// Twice the rate in the window and in the first lump, and what is late by less, of
		// the window too. Frozen for so long the client owes 2.5 times as many.
		most = 200 + 200 + 200
	)
	_, endpoint := newOrigin(t)
	w := usual()
	w.TLS, w.Rate, w.Requests = 0, 1000, 3000
	targets, err := NewTargets(w)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newClient(w, []harness.Endpoint{endpoint})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := newSchedule(w)
	if err != nil {
		t.Fatal(err)
	}
	g := &wireEngine{driver: wireDriver{shards: 1}}
	defer func() {
		if err := errors.Join(g.close(), c.close()); err != nil {
			t.Error(err)
		}
	}()
	once := false
	freeze := func(k uint64) bool {
		if k == 200 && !once {
			once = true
			<-time.After(frozen) // the shard is held up; nothing is waited for
		}
		return false
	}
	var sent []time.Duration
	o := &offer{client: c, targets: targets, tally: newTallying(w), engine: engine{attack: g.attack}}
	if _, err := o.play(t.Context(), plan, freeze, func(a harness.Attempt) { sent = append(sent, a.Sent) }); err != nil {
		t.Fatal(err)
	}
	slices.Sort(sent)
	fullest, from := 0, 0
	for i := range sent {
		for sent[i]-sent[from] > window {
			from++
		}
		fullest = max(fullest, i-from+1)
	}
	if len(sent) != int(w.Requests) || fullest > most {
		t.Errorf("%d sent, %d of them in %v", len(sent), fullest, window)
	}
	t.Logf("%d of %d in %v", fullest, len(sent), window)
}
