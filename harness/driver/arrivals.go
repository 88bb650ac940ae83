package driver

import (
	"fmt"
	"math"
	"sort"
	"time"

	"github.com/haproof/haproof/harness"
)

// newArrivals places attempts under a curve in the way that the workload asks for.
func newArrivals(w harness.Workload, c curve) (schedule, error) {
	count := w.Requests
	if count == 0 {
		count = uint64(math.Round(c.by(w.Duration.Seconds())))
	}
	switch w.Arrivals {
	case "", harness.ArrivalsRegular:
		return regular{curve: c, count: count}, nil
	case harness.ArrivalsPoisson:
		return newPoisson(w, c), nil
	case harness.ArrivalsWindows:
		return newWindows(w, c, count)
	}
	return nil, fmt.Errorf("arrivals: unknown kind %q", w.Arrivals)
}

// seconds makes a time of a schedule from seconds.
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// regular arrivals come as evenly as the curve lets them.
type regular struct {
	oneStair
	curve curve
	count uint64
}

func (r regular) total() uint64                 { return r.count }
func (r regular) due(k uint64) time.Duration    { return seconds(r.curve.when(float64(k))) }
func (r regular) rate(at time.Duration) float64 { return r.curve.rate(at.Seconds()) }

// poisson arrivals know nothing of each other: a Poisson process whose intensity
// is the curve, made from one of intensity 1.
type poisson struct {
	oneStair
	curve curve
	gaps  *gaps
	count uint64
}

func newPoisson(w harness.Workload, c curve) poisson {
	p := poisson{curve: c, count: w.Requests}
	if w.Requests > 0 {
		p.gaps = newGaps(w.Seed, w.Requests)
		return p
	}
	end := c.by(w.Duration.Seconds())
	most := uint64(end + 10*math.Sqrt(end) + 50) // more than ten deviations never come
	p.gaps = newGaps(w.Seed, most)
	p.count = uint64(sort.Search(int(most), func(k int) bool { return p.gaps.until(uint64(k)) >= end }))
	return p
}

func (p poisson) total() uint64                 { return p.count }
func (p poisson) due(k uint64) time.Duration    { return seconds(p.curve.when(p.gaps.until(k))) }
func (p poisson) rate(at time.Duration) float64 { return p.curve.rate(at.Seconds()) }

// windows are stretches of time of which each has exactly as many attempts as the
// curve wants in it, at times that know nothing of each other.
type windows struct {
	oneStair
	curve  curve
	gaps   *gaps
	length float64  // of a window, in seconds
	first  []uint64 // attempt of each window, and one past the last
	count  uint64
}

// mostWindows bounds the windows of a schedule.
const mostWindows = 10_000_000

func newWindows(w harness.Workload, c curve, count uint64) (windows, error) {
	length := w.Window.Seconds()
	if !(length > 0) {
		return windows{}, fmt.Errorf("window: is %v, want more than 0s", w.Window)
	}
	s := windows{curve: c, length: length, first: []uint64{0}}
	for s.count < count {
		if len(s.first) > mostWindows {
			return windows{}, fmt.Errorf("window: %v is so short that there were more than %d", w.Window, mostWindows)
		}
		s.count = min(count, uint64(math.Round(c.by(float64(len(s.first))*length))))
		s.first = append(s.first, s.count)
	}
	// Between the attempts of a window and around them there is one gap more.
	s.gaps = newGaps(w.Seed, count+uint64(len(s.first)))
	return s, nil
}

func (s windows) total() uint64                 { return s.count }
func (s windows) rate(at time.Duration) float64 { return s.curve.rate(at.Seconds()) }

// due takes the gaps of the attempt's window as parts of its length.
func (s windows) due(k uint64) time.Duration {
	i := sort.Search(len(s.first), func(i int) bool { return s.first[i] > k }) - 1
	shift := uint64(i)
	begin := 0.0
	if before := s.first[i] + shift; before > 0 {
		begin = s.gaps.until(before - 1)
	}
	end := s.gaps.until(s.first[i+1] + shift)
	part := (s.gaps.until(k+shift) - begin) / (end - begin)
	return seconds((float64(i) + part) * s.length)
}
