package driver

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
	"time"

	"github.com/haproof/haproof/harness"
)

// replay has the times of another day's requests, by the log of a HAProxy.
type replay struct {
	oneStair
	dues []time.Duration
}

// longestLogLine bounds a line of a log; HAProxy's own limit is 65535.
const longestLogLine = 1 << 17

// logTime is how HAProxy writes the time of a request in its HTTP log, in
// brackets, to the millisecond.
const logTime = "02/Jan/2006:15:04:05.000"

var errNoTimes = errors.New("not one line has a time such as [06/Nov/2026:12:14:14.655]")

// newReplay reads the times of a log, of its first requests only if that is not 0.
func newReplay(s harness.Shape, requests uint64) (schedule, error) {
	file, err := os.Open(s.File)
	if err != nil {
		return nil, fmt.Errorf("shape: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	dues, err := logDues(file, s.Speed)
	if err != nil {
		return nil, fmt.Errorf("shape: %s: %w", s.File, err)
	}
	if requests > 0 {
		dues = dues[:min(uint64(len(dues)), requests)]
	}
	return replay{dues: dues}, nil
}

// logDues returns when the requests of a log came, the first one at 0, in order.
func logDues(log io.Reader, speed float64) ([]time.Duration, error) {
	if speed == 0 {
		speed = 1
	}
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, longestLogLine)
	var times []time.Time
	for lines.Scan() {
		if at, ok := timeOf(lines.Text()); ok {
			times = append(times, at)
		}
		if len(times) > harness.MaxAttempts {
			return nil, fmt.Errorf("more than %d requests, the limit of a trial", harness.MaxAttempts)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(times) == 0 {
		return nil, errNoTimes
	}
	slices.SortFunc(times, time.Time.Compare) // a line is written when its request ends
	dues := make([]time.Duration, len(times))
	for i, at := range times {
		dues[i] = time.Duration(float64(at.Sub(times[0])) / speed)
	}
	return dues, nil
}

// timeOf finds the time in a line of a log.
func timeOf(line string) (time.Time, bool) {
	for i := range len(line) {
		end := i + 1 + len(logTime)
		if line[i] != '[' || end >= len(line) || line[end] != ']' {
			continue
		}
		if at, err := time.Parse(logTime, line[i+1:end]); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

func (r replay) total() uint64              { return uint64(len(r.dues)) }
func (r replay) due(k uint64) time.Duration { return r.dues[k] }

// rate is that of the second around a time.
func (r replay) rate(at time.Duration) float64 {
	from := sort.Search(len(r.dues), func(i int) bool { return r.dues[i] >= at-time.Second/2 })
	to := sort.Search(len(r.dues), func(i int) bool { return r.dues[i] > at+time.Second/2 })
	return float64(to - from)
}
