package harness

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"time"
)

// Plan is one scenario ready to be played.
type Plan struct {
	ID          string // of the run
	Scenario    Scenario
	Cells       []Cell
	Start       func(ctx context.Context, sc Scenario) (Lab, error)
	Driver      func(name string) (Driver, error)
	Environment Environment
	Out         string // directory of the run; records go to Out/<cell>/<trial>
	// Soft ends with the first interrupt: stop sending, drain, keep the record.
	// The context given to Play ends with the second: stop at once.
	Soft     context.Context
	Progress func(Progress) // may be nil
	Watch    func(Attempt)  // sees each attempt as it is reported, from one goroutine at a time; may be nil
	// Limit bounds the attempts of one trial; 0 means MaxAttempts, which is also
	// the most that it may be.
	Limit int
	// TotalsOnly has records say what their attempts add up to and not keep them. Then
	// there may be any number of them. It is for loads without a search and without faults,
	// and for checks that ask for no single attempt: no-errors, slo and generator-fit.
	TotalsOnly bool
}

// limit is how many attempts of one trial are kept before its driver is stopped.
func (p Plan) limit() int {
	if p.Limit <= 0 {
		return MaxAttempts
	}
	return min(p.Limit, MaxAttempts)
}

// ErrInterrupted says that the run was told to stop. What was recorded until
// then is written and returned with it.
var ErrInterrupted = errors.New("interrupted")

// Play plays every trial of every cell and writes a record of each. The run
// comes back with the error too: what was seen until then is evidence.
func Play(ctx context.Context, plan Plan) (*Run, error) {
	run := &Run{ID: plan.ID, Scenario: plan.Scenario, Began: time.Now()}
	labs := &labs{plan: plan, warm: map[string]Lab{}}
	err := labs.warmUp(ctx)
	for _, turn := range turns(plan) {
		if err != nil {
			break
		}
		err = playTurn(ctx, plan, labs, run, turn)
	}
	err = errors.Join(err, labs.closeAll())
	run.Ended = time.Now()
	if plan.Soft.Err() != nil && !errors.Is(err, ErrInterrupted) {
		err = errors.Join(err, ErrInterrupted) // not in its place: a lab may have been left behind
	}
	return run, err
}

// turn is one trial of one cell in the order of play.
type turn struct {
	cell  Cell
	trial int
}

// turns interleaves: every cell once per trial, in an order that the seed
// shuffles anew for each trial, so that drift of the machine meets all alike.
func turns(plan Plan) []turn {
	var order []turn
	random := rand.New(rand.NewPCG(plan.Scenario.Workload.Seed, 0))
	for trial := 1; trial <= max(1, plan.Scenario.Trials); trial++ {
		for _, i := range random.Perm(len(plan.Cells)) {
			order = append(order, turn{plan.Cells[i], trial})
		}
	}
	return order
}

func playTurn(ctx context.Context, plan Plan, labs *labs, run *Run, t turn) error {
	if plan.Soft.Err() != nil {
		return ErrInterrupted
	}
	lab, done, err := labs.take(ctx, t)
	if err != nil {
		return fmt.Errorf("cell %s, trial %d: %w", t.cell.Name, t.trial, err)
	}
	rec := newTrial(plan, t, lab).run(ctx)
	run.Records = append(run.Records, rec)
	dir := filepath.Join(plan.Out, t.cell.Name, strconv.Itoa(t.trial))
	return errors.Join(WriteRecord(dir, rec), done())
}
