package tracker

import (
	"fmt"
	"time"

	"github.com/haproof/haproof/harness/peers"
)

// feed hands what one session receives to the counter of its Server.
type feed struct {
	server  *Server
	source  *source
	name    string
	number  uint64
	session *peers.Session
	resync  string // guarded by Server.mu

	// Owned by the session: where the counter is in updates of the table seen last.
	table *peers.Definition
	slot  int
}

// notCounted is the slot in tables that are not ours or have no counter.
const notCounted = -1

var _ peers.Handler = (*feed)(nil)

// Update counts the update if its table is the one.
func (f *feed) Update(u *peers.Update) {
	if u.Table != f.table {
		f.turnTo(u.Table)
	}
	if f.slot == notCounted {
		return
	}
	o := Observation{
		Source: f.name, Session: f.number, Table: f.server.table,
		Key: u.Key, Value: uint32(u.Values[f.slot]), Timed: u.Timed,
	}
	f.server.mu.Lock()
	defer f.server.mu.Unlock()
	f.source.counters.note(f.server.counter.Count(o))
}

// turnTo finds the counter in a table that was defined anew.
func (f *feed) turnTo(table *peers.Definition) {
	f.table = table
	f.slot = notCounted
	if table.Name != f.server.table {
		return
	}
	f.slot = counterSlot(table)
	if f.slot == notCounted {
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

// Control follows the resync.
func (f *feed) Control(c peers.Control) {
	f.server.mu.Lock()
	defer f.server.mu.Unlock()
	f.resync = resyncAfter(f.resync, c)
}

// Commit notes that the peer is alive. The counts are in memory: there is nothing
// to wait for.
func (f *feed) Commit() error {
	f.server.mu.Lock()
	defer f.server.mu.Unlock()
	f.source.heard = time.Now()
	return nil
}
