package driver

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

func TestStaircaseClimbsGeometricallyWithoutAGap(t *testing.T) {
	got := newStaircase(harness.Search{Step: 2 * time.Second, From: 0.5, To: 2, Stairs: 3}, 100)
	want := staircase{
		{rateRPS: 50, begin: 0, first: 0, count: 100},
		{rateRPS: 100, begin: 2 * time.Second, first: 100, count: 200},
		{rateRPS: 200, begin: 4 * time.Second, first: 300, count: 400},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(stair{})); diff != "" {
		t.Error(diff)
	}
	for _, c := range []struct {
		k     uint64
		stair int
		due   time.Duration
	}{
		{0, 0, 0},
		{99, 0, 1980 * time.Millisecond}, // last of its stair
		{100, 1, 2 * time.Second},
		{299, 1, 3990 * time.Millisecond},
		{300, 2, 4 * time.Second},
		{699, 2, 5995 * time.Millisecond},
	} {
		if s, due := got.stairOf(c.k), got.due(c.k); s != c.stair || due != c.due {
			t.Errorf("attempt %d: stair %d, due at %v; want %d and %v", c.k, s, due, c.stair, c.due)
		}
	}
	for by, want := range map[time.Duration]uint64{0: 1, 19 * time.Millisecond: 1, 20 * time.Millisecond: 2, 2 * time.Second: 101, time.Hour: 700} {
		if n := wanted(got, by); n != want {
			t.Errorf("%d attempts wanted by %v, want %d", n, by, want)
		}
	}
}

func TestALoneStairStandsAtFrom(t *testing.T) {
	got := newStaircase(harness.Search{Step: time.Second, From: 0.5, To: 2, Stairs: 1}, 0.001)
	if diff := cmp.Diff(staircase{{rateRPS: 1, count: 1}}, got, cmp.AllowUnexported(stair{})); diff != "" { // never less than one attempt
		t.Error(diff)
	}
}

func TestPacerNeverLetsAnAttemptGoEarly(t *testing.T) {
	alarm, err := newAlarm(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = alarm.close() }()
	p := &pacer{ctx: t.Context(), began: time.Now(), schedule: staircase{{rateRPS: 20_000, count: 500}}, alarm: alarm, enough: never}
	for k := range uint64(500) {
		wait, stop := p.Pace(0, k)
		if now := time.Since(p.began); wait != 0 || stop || now < p.schedule.due(k) {
			t.Fatalf("attempt %d due at %v was let go at %v with wait %v, stop %v", k, p.schedule.due(k), now, wait, stop)
		}
	}
	if _, stop := p.Pace(0, 500); !stop || p.stopped() < p.schedule.due(499) {
		t.Errorf("stop %v at %v after the last attempt", stop, p.stopped())
	}
}

func TestPacerSaysWhyItCouldNotGoOn(t *testing.T) {
	alarm, err := newAlarm(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = alarm.close()
	p := &pacer{ctx: t.Context(), began: time.Now(), schedule: staircase{{rateRPS: 1, count: 2}}, alarm: alarm, enough: never}
	if _, stop := p.Pace(0, 1); !stop || p.err == nil {
		t.Errorf("stop %v, error %v with a broken alarm", stop, p.err)
	}
}
