package peers

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
)

// maxMemory is what one peer can make a session keep, in bytes; docs/PEERS.md says so.
const maxMemory = 8 << 20

// A peer that uses up every limit: as many tables as there may be, with names, fields
// and arrays as long as they may be, and a dictionary of the longest strings.
func TestAPeerCannotMakeASessionKeepMuch(t *testing.T) {
	before := heap()
	s := newSession(&endlessSink{Reader: bytes.NewReader(nil)}, quick)
	s.in.grow(max(readSize, s.dec.MaxFrame()))
	d := &s.dec
	all := Definition{KeyType: KeyString, KeyLen: maxKey}
	for i := range dataTypes {
		f := Field{Type: DataType(i), Elements: 1}
		if dataTypes[i].array {
			f.Elements = maxElements
		}
		all.Fields = append(all.Fields, f)
	}
	for i := range DefaultMaxTables {
		def := all
		def.ID, def.Name = uint64(i+1), fmt.Sprintf("%01024d", i)
		feed(t, d, def.AppendTo(nil))
		s.pupil.defined(d.tables.current.def)
	}
	servers := Definition{ID: 1, Name: fmt.Sprintf("%01024d", 1), KeyType: KeyInteger, KeyLen: 4, Fields: []Field{{Type: ServerKey, Elements: 1}}}
	feed(t, d, servers.AppendTo(nil))
	for i := range 10 * maxDictID {
		u := Update{Table: &servers, Key: make([]byte, 4), Dict: Dict{ID: uint64(i%maxDictID + 1), Text: fmt.Sprintf("%016000d", i)}}
		feed(t, d, u.AppendTo(nil))
	}
	if kept := heap() - before; kept > maxMemory {
		t.Errorf("keeps %d bytes, limit %d", kept, maxMemory)
	} else {
		t.Logf("keeps %d bytes", kept)
	}
	runtime.KeepAlive(s)
}

// Thousands that call and do not say who they are cost little each.
func TestAConnectionCostsLittleBeforeItsGreeting(t *testing.T) {
	const connections, limit = 1000, 4 << 10
	before := heap()
	all := make([]*Session, connections)
	for i := range all {
		all[i] = newSession(nil, quick)
	}
	if kept := (heap() - before) / connections; kept > limit {
		t.Errorf("keeps %d bytes each, limit %d", kept, limit)
	}
	runtime.KeepAlive(all)
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
