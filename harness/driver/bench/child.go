package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/driver"
	"github.com/haproof/haproof/harness/goals"
)

// child is this program as a client. It counts attempts and keeps none.
func child(ctx context.Context, text string) (err error) {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return err
	}
	d, err := driver.New(j.Driver)
	if err != nil {
		return err
	}
	if j.Profile != "" {
		file, err := os.Create(j.Profile)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	j.Workload.Targets = j.Targets
	a := &account{}
	watched := a.watch(ctx, j.Watch, j.Again)
	to := []harness.Endpoint{{Node: "haproxy", HTTP: j.HTTP, HTTPS: j.HTTPS, Trusted: true}}
	driven, err := d.Drive(ctx, j.Workload, to, func(harness.Attempt) { a.ended.Add(1) })
	if err != nil {
		return err
	}
	most, err := memory(os.Getpid(), "VmHWM")
	if err != nil {
		return err
	}
	<-watched
	s, err := a.sayOf(driven, j.Times)
	if err != nil {
		return err
	}
	s.Resident = most
	return json.NewEncoder(os.Stdout).Encode(s)
}

// account is what a client keeps of its attempts besides what its driver adds up.
type account struct {
	ended         atomic.Uint64
	before, after look
}

// sayOf says how the driver fared.
func (a *account) sayOf(driven harness.Driven, times bool) (s said, err error) {
	added := driven.Statistics
	if added == nil {
		return s, errors.New("the driver added up nothing")
	}
	s = said{
		Began: driven.Began.UnixNano(), Attempts: a.ended.Load(), Wrong: map[string]uint64{},
		Watched:     a.after.attempts - a.before.attempts,
		Allocations: a.after.heap.Mallocs - a.before.heap.Mallocs,
		Collections: a.after.heap.NumGC - a.before.heap.NumGC,
	}
	for cause, n := range added.Causes {
		s.Wrong[string(cause)] = n
	}
	if n := added.Classes.Scheduled - added.Classes.Completed; n > 0 {
		s.Wrong["not completed"] = n
	}
	if !times {
		return s, nil
	}
	if s.Lag, err = quantilesOf(added.Lag); err != nil {
		return s, err
	}
	s.Response, err = quantilesOf(added.Response)
	return s, err
}

func quantilesOf(d harness.Distribution) (at []time.Duration, err error) {
	if d.N == 0 {
		return make([]time.Duration, len(quantiles)), nil
	}
	h, err := d.Decode()
	if err != nil {
		return nil, err
	}
	for _, q := range quantiles {
		at = append(at, h.Quantile(q))
	}
	return at, nil
}

// look is what can be seen of the heap at a moment.
type look struct {
	attempts uint64
	heap     runtime.MemStats
}

// watch looks twice, each time when so many attempts have ended, and closes what it
// returns after that. Nothing of it allocates between the looks.
func (a *account) watch(ctx context.Context, first, second uint64) (done chan struct{}) {
	done = make(chan struct{})
	if first == 0 {
		close(done)
		return done
	}
	poll := time.NewTicker(time.Millisecond)
	go func() {
		defer close(done)
		defer poll.Stop()
		for _, moment := range []struct {
			at   uint64
			into *look
		}{{first, &a.before}, {second, &a.after}} {
			for a.ended.Load() < moment.at {
				select {
				case <-poll.C:
				case <-ctx.Done():
					return
				}
			}
			moment.into.attempts = a.ended.Load()
			runtime.ReadMemStats(&moment.into.heap)
		}
	}()
	return done
}

// memory is what a process takes, in bytes: VmRSS now, VmHWM at most so far.
func memory(pid int, which string) (uint64, error) {
	text := goals.Field("/proc/"+strconv.Itoa(pid)+"/status", which)
	kib, err := strconv.ParseUint(strings.TrimSuffix(text, " kB"), 10, 64)
	return kib << 10, err
}
