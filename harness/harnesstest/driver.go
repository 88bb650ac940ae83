package harnesstest

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/haproof/haproof/harness"
)

// Driver offers a workload's attempts to a site by script: every other one is
// dynamic, customers take turns, and no time passes but in the attempts' own
// stamps. The zero value of each lie is honest.
type Driver struct {
	Site *Site

	TimeOut     func(seq uint64) bool // attempts that get no answer; the even ones among them arrive
	HideTimeOut bool                  // lie: do not report those
	ExcuseThem  bool                  // lie: report those as clients that left
	Replay      func(seq uint64) bool // lie: send these twice, report them once
	CallStatic  func(seq uint64) bool // lie: report these dynamic answers as static
}

var _ harness.Driver = (*Driver)(nil)

// Name returns "scripted".
func (*Driver) Name() string { return "scripted" }

// began is when every scripted trial begins.
var began = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// Drive plays w.Requests attempts at w.Rate over w.Customers.
func (d *Driver) Drive(ctx context.Context, w harness.Workload, _ []harness.Endpoint, report func(harness.Attempt)) (harness.Driven, error) {
	driven := harness.Driven{Began: began, Offered: w.Requests, CPU: time.Millisecond}
	for seq := range w.Requests {
		if ctx.Err() != nil {
			return driven, ctx.Err()
		}
		a := scripted(seq, w)
		driven.Length = a.Done
		if d.play(&a) {
			report(a)
		}
	}
	return driven, nil
}

// play sends one attempt and says whether to report it.
func (d *Driver) play(a *harness.Attempt) bool {
	if d.Site.Deny(a.Key, a.Sent) {
		a.Status, a.Bytes, a.Dynamic, a.Cause = http.StatusTooManyRequests, 0, false, harness.CauseDenied
		return true
	}
	timeOut := d.TimeOut != nil && d.TimeOut(a.Seq)
	if !timeOut || a.Seq%2 == 0 {
		d.Site.Serve(a.Seq, a.Key, a.Dynamic)
	}
	if d.Replay != nil && d.Replay(a.Seq) {
		d.Site.Serve(a.Seq, a.Key, a.Dynamic)
	}
	if timeOut {
		a.Outcome, a.Cause, a.Status, a.Bytes = harness.Indeterminate, harness.CauseTimeout, 0, 0
	}
	if timeOut && d.ExcuseThem {
		a.Cause = harness.CauseAborted
	}
	if d.CallStatic != nil && d.CallStatic(a.Seq) {
		a.Dynamic = false
	}
	return !timeOut || !d.HideTimeOut
}

// scripted is the attempt of a sequence id, answered after two milliseconds.
func scripted(seq uint64, w harness.Workload) harness.Attempt {
	at := time.Duration(float64(seq) / float64(w.Rate) * float64(time.Second))
	sent := at + 50*time.Microsecond
	return harness.Attempt{
		Seq: seq, Key: fmt.Sprintf("c%04d", seq/2%uint64(w.Customers)), Intended: at, Sent: sent, Done: sent + 2*time.Millisecond,
		Status: 200, Bytes: 512, Dynamic: seq%2 == 0, Outcome: harness.OK,
	}
}
