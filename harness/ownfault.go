package harness

import "slices"

// Own says whether an attempt that ended by this cause says nothing about the
// product: the client itself lacked the means for it. What was shed is not among
// these, as it may have waited for a product that was too slow; Attempt.Own tells.
func (c Cause) Own() bool {
	return c == CauseDescriptors || c == CausePorts || c == CauseResources
}

// Own says whether the client itself is why the attempt went wrong: it lacked the
// means, or it shed the attempt because it was late. One that was shed after it had
// waited for a connection rather than for the client is the product's.
func (a *Attempt) Own() bool {
	return a.Cause.Own() || a.Cause == CauseShed && !a.queuedMost()
}

// queuedMost says whether the attempt waited for a connection in most of the time
// before it was sent, or shed.
func (a *Attempt) queuedMost() bool {
	return a.Queued > 0 && 2*a.Queued >= max(a.Sent, a.Done)-a.Intended
}

// OwnFaults returns what says of a trial's attempts whether they went wrong by no fault
// of the product: Attempt.Own, and where the client or the host was the trial's limit
// also every attempt that was shed. Who cannot read answers in time finds no free
// connection either, so waiting for one accuses the product no longer.
func OwnFaults(rec *Record) func(*Attempt) bool {
	waited := func(a Attempt) bool { return a.Cause == CauseShed && !a.Own() }
	if !slices.ContainsFunc(rec.Attempts, waited) {
		return (*Attempt).Own
	}
	if limitedByClient(rec) {
		return func(a *Attempt) bool { return a.Cause == CauseShed || a.Own() }
	}
	return (*Attempt).Own
}

// limitedByClient says whether the client or the host was the trial's limit.
func limitedByClient(rec *Record) bool {
	limit := Bottleneck(rec, Summarise(rec))
	return limit == LimitClient || limit == LimitHost
}
