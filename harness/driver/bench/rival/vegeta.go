package main

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// closedLoop lets requests go as fast as others end, for a while.
type closedLoop struct{ until time.Time }

func (c closedLoop) Pace(time.Duration, uint64) (time.Duration, bool) {
	return 0, !time.Now().Before(c.until)
}
func (closedLoop) Rate(time.Duration) float64 { return 0 }

func closedVegeta(url string, connections int, length time.Duration) error {
	n := uint64(connections)
	attacker := vegeta.NewAttacker(vegeta.Workers(n), vegeta.MaxWorkers(n), vegeta.Connections(connections))
	target := vegeta.NewStaticTargeter(vegeta.Target{Method: "GET", URL: url})
	var err error
	for result := range attacker.Attack(target, closedLoop{time.Now().Add(length)}, 0, "") {
		if result.Error != "" {
			err = errors.New(result.Error)
		}
	}
	return err
}

// said is what the bench reads.
type said struct {
	Began    int64
	Attempts uint64
	Wrong    map[string]uint64
	Lag      []time.Duration
	Response []time.Duration
}

// openVegeta keeps a rate as vegeta does by itself. A response time is vegeta's
// latency; lag is its time stamp, which it takes when the request may go, less
// when that was due.
func openVegeta(url string, rateRPS int, length time.Duration) (said, error) {
	attacker := vegeta.NewAttacker()
	var next atomic.Uint64 // the receiver tells requests apart by their number
	target := func(t *vegeta.Target) error {
		*t = vegeta.Target{Method: "GET", URL: url, Header: http.Header{"X-Haproof-Seq": {strconv.FormatUint(next.Add(1)-1, 10)}}}
		return nil
	}
	s := said{Wrong: map[string]uint64{}}
	began := time.Now()
	var lag, response []time.Duration
	for result := range attacker.Attack(target, vegeta.Rate{Freq: rateRPS, Per: time.Second}, length, "") {
		s.Attempts++
		if result.Error != "" {
			s.Wrong[result.Error]++
		}
		due := began.Add(time.Duration(result.Seq) * time.Second / time.Duration(rateRPS))
		lag, response = append(lag, result.Timestamp.Sub(due)), append(response, result.Latency)
	}
	if len(lag) == 0 {
		return s, errors.New("vegeta sent nothing")
	}
	s.Began = began.UnixNano()
	s.Lag, s.Response = quantiles(lag), quantiles(response)
	return s, nil
}

// quantiles are p50, p90, p95, p99 and p99.9.
func quantiles(sample []time.Duration) (at []time.Duration) {
	slices.Sort(sample)
	for _, q := range []float64{0.5, 0.9, 0.95, 0.99, 0.999} {
		at = append(at, sample[min(int(q*float64(len(sample))), len(sample)-1)])
	}
	return at
}
