package driver

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

// TestWhoFindsNoRoomWaitsAndGoes has room for two users of two attempts each, of whom
// one arrives every 100 ms.
func TestWhoFindsNoRoomWaitsAndGoes(t *testing.T) {
	const ms = time.Millisecond
	w := withUsers(harness.Users{Requests: 2, Think: 10 * ms})
	w.Rate, w.Requests = 10, 8
	plan, err := newUsers(w)
	if err != nil {
		t.Fatal(err)
	}
	c := newCrowd(plan, slice{step: 1}, 50*ms, nil)
	c.most = 2
	type moment struct {
		due     time.Duration
		blocked bool
	}
	at := func(now time.Duration) moment { return moment{c.due(now), c.blocked} }
	var got []moment
	got = append(got, at(0)) // the first user
	first, a1 := c.take(0)
	got = append(got, at(1*ms), at(100*ms)) // the second one
	second, a2 := c.take(100 * ms)
	got = append(got, at(200*ms), at(250*ms)) // the third one has to wait
	got = append(got, at(251*ms))             // until its patience ends
	third, a3 := c.take(251 * ms)
	a3.Cause, a3.Done = harness.CauseShed, a3.Sent
	c.ended(third, &a3)
	got = append(got, at(251*ms)) // and goes: its next attempt is as late
	_, a4 := c.take(251 * ms)
	a4.Cause, a4.Done = harness.CauseShed, a4.Sent
	c.ended(third, &a4)
	got = append(got, at(260*ms)) // the fourth is still to come
	a1.Done, a2.Done = 270*ms, 275*ms
	c.ended(first, &a1)
	c.ended(second, &a2)
	got = append(got, at(279*ms), at(281*ms))
	want := []moment{
		{0, false}, {100 * ms, false}, {100 * ms, false},
		{250*ms + 1, true}, {250*ms + 1, true}, {200 * ms, false}, {200 * ms, false},
		{300 * ms, false}, {280 * ms, false}, {280 * ms, false},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(moment{})); diff != "" {
		t.Error(diff)
	}
	if a3.Intended != 200*ms || a4.Intended != 200*ms || a3.Seq != 4 || a4.Seq != 5 {
		t.Errorf("attempts of who went: %+v, %+v", a3, a4)
	}
}
