package driver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/haproof/haproof/harness"
	vegeta "github.com/tsenart/vegeta/v12/lib"
)

func init() { register("vegeta", func() harness.Driver { return vegetaDriver{} }) }

// vegetaDriver attacks with vegeta: its attack loop asks the pacer, keeps as many
// workers as there are attempts in flight, and collects the results. What vegeta
// gets wrong for an exact ledger is done beside it, see
// docs/decisions/0005-vegeta-driver.md: pacing, replays, and the intended times.
type vegetaDriver struct{}

var (
	_ harness.Driver = vegetaDriver{}
	_ harness.Prober = vegetaDriver{}
)

func (vegetaDriver) Name() string { return "vegeta" }

// Drive offers the workload, see harness.Driver.
func (vegetaDriver) Drive(ctx context.Context, w harness.Workload, to []harness.Endpoint, report func(harness.Attempt)) (harness.Driven, error) {
	return drive(ctx, w, to, engine{attack: vegetaAttack}, report)
}

// Probe looks for the capacity, see harness.Prober.
func (vegetaDriver) Probe(ctx context.Context, w harness.Workload, to []harness.Endpoint, length time.Duration) (harness.Capacity, error) {
	return probeCapacity(ctx, w, to, engine{attack: vegetaAttack}, length)
}

const (
	firstWorkers = 32
	// maxInFlight bounds the attempts in flight, and so descriptors and memory.
	// Beyond it attempts wait, which shows as queued, and are shed when patience ends.
	maxInFlight = 4096
)

// vegetaAttack sends attempts when the pacer lets them go, until it tells to
// stop, and returns when none is in flight.
func vegetaAttack(ctx context.Context, e *engagement) error {
	most := e.atMost(maxInFlight)
	workers := min(most, firstWorkers)
	if e.inFlight > 0 {
		workers = e.inFlight
	}
	attacker := vegeta.NewAttacker(
		vegeta.Client(&http.Client{Transport: sender{e, most}, CheckRedirect: noRedirect}),
		vegeta.Workers(workers), vegeta.MaxWorkers(most),
	)
	// A pacer is not asked while all workers are busy: only Stop ends that.
	defer context.AfterFunc(ctx, func() { attacker.Stop() })()
	// Every attempt has the same target here. The sender asks the workload's own
	// by vegeta's number, so that it is a function of the seed alone.
	target := vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodGet, URL: "http://haproof.invalid/"})
	var errs []error
	for result := range attacker.Attack(target, e.pacer, 0, "") {
		if !e.ended(result.Seq) && len(errs) == 0 {
			errs = append(errs, fmt.Errorf("vegeta did not send attempt %d: %s", result.Seq, result.Error))
		}
	}
	return errors.Join(errs...)
}

// sender stands where vegeta's HTTP transport was.
type sender struct {
	*engagement
	most uint64 // attempts in flight
}

var errUnanswered = errors.New("no complete answer")

// RoundTrip sends the attempt that vegeta's number stands for. Vegeta is told
// the status only: the attempt itself waits for its result.
func (s sender) RoundTrip(r *http.Request) (*http.Response, error) {
	k, err := strconv.ParseUint(r.Header.Get("X-Vegeta-Seq"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("number of vegeta's attempt: %w", err)
	}
	status := s.engagement.send(k, s.most)
	if status == 0 {
		return nil, errUnanswered
	}
	return &http.Response{StatusCode: status, Body: http.NoBody, Request: r}, nil
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

var _ vegeta.Pacer = (*pacer)(nil)
var _ vegeta.Pacer = closedLoop{}
