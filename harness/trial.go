package harness

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// MaxAttempts bounds the attempts of one trial: they are kept in memory until
// the record is written, at about 100 bytes each.
const MaxAttempts = 20_000_000

// maxInFlight is how many more attempts may end after the limit has stopped the
// driver. They are evidence like the others: who drops them makes an honest
// witness look as if it counted too many.
const maxInFlight = 1_000_000

// settleWithin bounds how long a lab may take to come to rest.
const settleWithin = 30 * time.Second

// trial is one repetition of a cell in a running lab. Its run method is the one
// place where the stages drive, settle and testify meet.
type trial struct {
	plan    Plan
	lab     Lab
	rec     *Record
	totals  *totalling // nil where attempts are kept
	meter   *meter
	nemesis *nemesis // while driving
}

func newTrial(plan Plan, t turn, lab Lab) *trial {
	rec := &Record{
		Schema: RecordSchema, Run: plan.ID, Cell: t.cell, Trial: t.trial,
		Environment: plan.Environment, Nodes: lab.Nodes(), Driver: t.cell.Scenario.Workload.Driver,
		Ledgers: map[string]Ledger{}, Absent: map[string]string{},
	}
	played := &trial{plan: plan, lab: lab, rec: rec, meter: newMeter(plan, t)}
	if plan.TotalsOnly {
		played.totals = newTotalling(&rec.Cell.Scenario)
	}
	return played
}

// run drives, settles and takes testimony. It never fails: what went wrong is
// in the record.
func (t *trial) run(ctx context.Context) *Record {
	if err := errors.Join(t.drive(ctx), t.addUp()); err != nil {
		t.rec.Error = err.Error()
	}
	t.rec.Interrupted = t.plan.Soft.Err() != nil
	if !t.rec.Cell.Scenario.Workload.Warm() { // else its lab is shared with others, and its counts mean nothing
		t.settle(ctx)
		t.testify(ctx)
	}
	t.rec.Failures = t.lab.Failures()
	return t.rec
}

// addUp writes the client's ledger, and the totals where attempts were not kept.
func (t *trial) addUp() (err error) {
	if t.totals == nil {
		t.rec.Ledgers[WitnessClient] = ClientLedger(t.rec.Attempts)
		return nil
	}
	t.rec.Ledgers[WitnessClient] = t.totals.ledger
	t.rec.Totals, err = t.totals.sum()
	return err
}

func (t *trial) drive(ctx context.Context) error {
	w := t.rec.Cell.Scenario.Workload
	driver, err := t.plan.Driver(w.Driver)
	if err != nil {
		return err
	}
	if t.nemesis, err = startNemesis(ctx, t.plan.Soft, t.lab, t.rec.Cell.Scenario.Schedule()); err != nil {
		return err
	}
	err = t.offer(ctx, driver, w)
	var disturbed error
	t.rec.Disturbances, disturbed = t.nemesis.wait()
	if t.plan.Soft.Err() != nil {
		return err // what was not played any more is part of being interrupted
	}
	return errors.Join(err, disturbed)
}

// offer lets the driver look for the capacity, if it is asked to, and then play
// its schedule. What the nodes use is read around the schedule alone.
func (t *trial) offer(ctx context.Context, driver Driver, w Workload) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(t.plan.Soft, cancel)()
	if err := t.probe(ctx, driver, w); err != nil {
		return t.unlessInterrupted(err)
	}
	before, err := t.lab.Usage(ctx)
	if err != nil {
		return fmt.Errorf("read usage of nodes: %w", err)
	}
	t.meter.phase("driving")
	host := ReadHost()
	t.rec.Driven, err = driver.Drive(ctx, w, t.lab.Endpoints(w.Route), t.report(cancel))
	t.rec.Host = host.Until(ReadHost())
	t.rec.Usage = t.usageSince(before)
	if err = t.unlessInterrupted(err); err != nil && len(t.rec.Attempts) >= t.plan.limit() {
		return fmt.Errorf("stopped at the limit of %d attempts per trial: %w", t.plan.limit(), err)
	}
	return err
}

// unlessInterrupted drops an error that the record says itself: interrupted.
func (t *trial) unlessInterrupted(err error) error {
	if errors.Is(err, context.Canceled) && t.plan.Soft.Err() != nil {
		return nil
	}
	return err
}

func (t *trial) probe(ctx context.Context, driver Driver, w Workload) error {
	if w.Probe <= 0 {
		return nil
	}
	prober, ok := driver.(Prober)
	if !ok {
		return fmt.Errorf("driver %s cannot look for the capacity", driver.Name())
	}
	t.meter.phase("probing")
	capacity, err := prober.Probe(ctx, w, t.lab.Endpoints(w.Route), w.Probe)
	t.rec.Capacity = &capacity
	return err
}

// report takes every attempt.
func (t *trial) report(stop func()) func(Attempt) {
	return func(a Attempt) {
		t.keep(&a, stop)
		t.nemesis.see(a)
		t.meter.see(a)
		if t.plan.Watch != nil {
			t.plan.Watch(a)
		}
	}
}

// keep keeps an attempt, or what it adds to the others, and stops the driver where as
// many are kept as may be.
func (t *trial) keep(a *Attempt, stop func()) {
	if t.totals != nil {
		t.totals.add(a)
		return
	}
	t.rec.Attempts = append(t.rec.Attempts, *a)
	if len(t.rec.Attempts) == t.plan.limit() {
		stop()
	}
}

// usageSince subtracts what the nodes had consumed before. It has its own
// deadline: usage matters most when the run was interrupted.
func (t *trial) usageSince(before []Usage) []Usage {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	after, err := t.lab.Usage(ctx)
	if err != nil {
		return []Usage{{Unknown: err.Error()}}
	}
	return usageBetween(before, after)
}

func (t *trial) settle(ctx context.Context) {
	t.meter.phase("settling")
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	began := time.Now()
	settlement, err := t.lab.Settle(ctx)
	settlement.Took = time.Since(began)
	if err != nil {
		settlement.Settled = false
		settlement.Missing = append(settlement.Missing, err.Error())
	}
	t.rec.Settlement = settlement
}

func (t *trial) testify(ctx context.Context) {
	t.meter.phase("testifying")
	for _, witness := range t.lab.Witnesses() {
		ledger, err := witness.Testify(ctx)
		if err != nil {
			t.rec.Absent[witness.Name()] = err.Error()
			continue
		}
		t.rec.Ledgers[witness.Name()] = ledger
		if receiptor, ok := witness.(Receiptor); ok {
			t.receive(ctx, witness.Name(), receiptor)
		}
		if teller, ok := witness.(StoppingTeller); ok {
			t.attribute(ctx, teller)
		}
	}
}

func (t *trial) receive(ctx context.Context, name string, receiptor Receiptor) {
	receipts, err := receiptor.Receipts(ctx)
	if err != nil {
		t.rec.Absent[name+" receipts"] = err.Error()
		return
	}
	t.rec.Receipts = &receipts
}

func (t *trial) attribute(ctx context.Context, teller StoppingTeller) {
	answers, err := teller.Stopping(ctx)
	if err != nil {
		t.rec.Absent[AbsentStopping] = err.Error()
		return
	}
	t.rec.Stopping = answers
}
