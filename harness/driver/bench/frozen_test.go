package main

import (
	"testing"
	"time"
)

// standing is a server that stood still from 2 s to 3.4 s of a client that began at
// a moment.
func standing(began time.Time) stop {
	return stop{from: began.Add(2 * time.Second), until: began.Add(3400 * time.Millisecond)}
}

func TestResponsesOfAStoppedServerFallEvenlyFromItsLength(t *testing.T) {
	began := time.Unix(1000, 0)
	got := standing(began).responses(began)
	// A quarter of all attempts is due meanwhile; p90 is the one that 10 % of 5.6 s
	// before the end of the longest wait. Attempts come every 2 ms.
	want := []time.Duration{0, 840 * time.Millisecond, 1120 * time.Millisecond, 1344 * time.Millisecond, 1394 * time.Millisecond}
	for i := range want {
		if d := (got[i] - want[i]).Abs(); d > 4*time.Millisecond {
			t.Errorf("quantile %v: got %v, want %v within two attempts", quantiles[i], got[i], want[i])
		}
	}
}

func TestWorstIsTheGreatestErrorWhereTheStopDecides(t *testing.T) {
	want := []time.Duration{0, 1000, 2000}
	for _, c := range []struct {
		why  string
		got  []time.Duration
		most float64
	}{
		{"all right; what took no time is not judged", []time.Duration{5, 1000, 2000}, 0},
		{"too long", []time.Duration{0, 1000, 2100}, 0.05},
		{"too short is as wrong as too long", []time.Duration{0, 500, 2100}, 0.5},
	} {
		if most := worst(c.got, want); most < c.most-1e-9 || most > c.most+1e-9 {
			t.Errorf("%s: got %v, want %v", c.why, most, c.most)
		}
	}
}

func TestP99IsFoundInWhatWrkSays(t *testing.T) {
	const said = `  Latency Distribution
     50%  398.00us
     75%  500.00us
     90%    1.23ms
     99%    1.39s 
  97462 requests in 1.00s, 13.75MB read
`
	if p99, err := wrkP99(said); err != nil || p99 != 1390*time.Millisecond {
		t.Errorf("got %v, %v; want 1.39s", p99, err)
	}
	if p99, err := wrkP99("no such thing"); err == nil {
		t.Errorf("got %v of nothing", p99)
	}
}

func TestGrowthIsThatOfTheLastHalf(t *testing.T) {
	for _, c := range []struct {
		why   string
		sizes []float64
		want  float64
	}{
		{"a start that grows is none of it", []float64{1, 20, 30, 30, 30, 30}, 0},
		{"one that shrinks did not grow", []float64{1, 20, 30, 30, 29, 28}, 0},
		{"a hill at the end counts", []float64{1, 20, 30, 30, 32, 30}, 2},
	} {
		if got := growth(c.sizes); got != c.want {
			t.Errorf("%s: got %v, want %v", c.why, got, c.want)
		}
	}
}
