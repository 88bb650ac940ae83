package tracker

import (
	"context"
	"fmt"

	"github.com/haproof/haproof/harness/peers"
)

// feed hands what one session receives to the counter of its Server.
type feed struct {
	server  *Server
	ctx     context.Context // of the session: who waits for a commit stops with it
	counted *Session
	source  *source
	name    string
	session *peers.Session
	resync  string // guarded by Server.mu

	// Owned by the session: where the counter is in updates of the table seen last,
	// and the observations since the last commit.
	table        *peers.Definition
	slot         int
	blind        bool // it was said that the table is not counted
	observations []Observation
	ticket       uint64 // of what was applied since the last commit
}

// maxObservations is how many are counted at once. Others wait meanwhile.
const maxObservations = 1024

// notCounted is the slot in tables that are not ours or have no counter.
const notCounted = -1

var (
	_ peers.Handler = (*feed)(nil)
	_ peers.Teacher = (*feed)(nil)
)

// Update counts the update if its table is the one.
func (f *feed) Update(u *peers.Update) {
	if u.Table != f.table {
		f.turnTo(u.Table)
	}
	if f.slot == notCounted {
		return
	}
	f.observations = append(f.observations, Observation{
		Session: f.counted, Key: u.Key, Value: uint32(u.Values[f.slot]), Timed: u.Timed,
	})
	if len(f.observations) >= maxObservations {
		f.apply()
	}
}

// turnTo finds the counter in a table that was defined anew.
func (f *feed) turnTo(table *peers.Definition) {
	f.table = table
	f.slot = notCounted
	if table.Name != "/"+f.counted.Table {
		return
	}
	f.slot = counterSlot(table)
	if f.slot == notCounted && !f.blind {
		f.blind = true
		f.server.report(f.name, "table is not counted", fmt.Errorf("table %s stores neither gpc0 nor gpc(1)", table.Name))
	}
}

// counterSlot finds gpc0, or the first gpc of an array: sc-inc-gpc0 counts in that
// if the table has no gpc0.
func counterSlot(table *peers.Definition) int {
	if table.KeyType != peers.KeyString {
		return notCounted
	}
	if slot := table.Slot(peers.GPC0); slot >= 0 {
		return slot
	}
	if field, ok := table.Field(peers.GPC); ok && field.Elements > 0 {
		return table.Slot(peers.GPC)
	}
	return notCounted
}

// Lesson tells a peer that starts with empty tables what it should know.
func (f *feed) Lesson(session *peers.Session) error {
	if f.server.cfg.Teach == nil {
		return nil
	}
	return f.server.cfg.Teach.Lesson(session)
}

// Control follows the resync.
func (f *feed) Control(c peers.Control) {
	f.apply()
	switch c {
	case peers.ResyncRequest:
		f.ticket = f.server.keeper.change(func(counts *Counts) { counts.Started(f.counted) })
	case peers.ResyncFinished:
		f.ticket = f.server.keeper.change(func(counts *Counts) { counts.Finished(f.counted) })
	}
	f.server.mu.Lock()
	defer f.server.mu.Unlock()
	f.resync = resyncAfter(f.resync, c)
}

// Commit returns nil when everything that was received is durable.
func (f *feed) Commit() error {
	f.apply()
	if f.ticket == 0 {
		f.server.heard(f.source, Tally{})
		return nil
	}
	ticket := f.ticket
	f.ticket = 0
	return f.server.keeper.progress.wait(f.ctx, ticket, commitPatience)
}

// apply counts what was received.
func (f *feed) apply() {
	if len(f.observations) == 0 {
		return
	}
	observations := f.observations
	f.observations = f.observations[:0] // whatever happens, once
	tally, complaints, ticket := f.server.keeper.apply(observations)
	f.ticket = ticket
	f.server.heard(f.source, tally)
	for _, c := range complaints {
		f.server.report(c.Source, "update not counted", c.Err)
	}
}

// open begins the session in the counts.
func (f *feed) open() {
	f.server.keeper.change(func(c *Counts) { c.Open(f.counted) })
}

// close ends it. What a broken session said before it broke is counted.
func (f *feed) close() {
	f.apply()
	f.server.keeper.change(func(c *Counts) { c.Close(f.counted) })
}
