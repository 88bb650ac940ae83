package main

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"strings"

	"github.com/haproof/haproof/harness/peers"
)

// maxCounted bounds the keys and tables that are told apart, to keep memory bounded.
const maxCounted = 1_000_000

// summary is what all messages were, in the end.
type summary struct {
	messages uint64
	kinds    map[string]uint64
	tables   map[string]*tableSummary
	seed     maphash.Seed
	keys     map[uint64]struct{} // hashes of table and key
}

type tableSummary struct {
	Updates uint64 `json:"updates"`
	Keys    uint64 `json:"keys"`
}

func newSummary() summary {
	return summary{kinds: map[string]uint64{}, tables: map[string]*tableSummary{}, keys: map[uint64]struct{}{}, seed: maphash.MakeSeed()}
}

func (s *summary) add(e event) {
	s.messages++
	s.kinds[kind(e)]++
	if e.msg.Kind != peers.KindUpdate {
		return
	}
	t, ok := s.tables[e.msg.Update.Table.Name]
	if !ok {
		if len(s.tables) >= maxCounted {
			return
		}
		t = &tableSummary{}
		s.tables[e.msg.Update.Table.Name] = t
	}
	t.Updates++
	var h maphash.Hash
	h.SetSeed(s.seed)
	h.WriteString(e.msg.Update.Table.Name)
	h.WriteByte(0)
	h.Write(e.msg.Update.Key)
	if _, ok := s.keys[h.Sum64()]; !ok && len(s.keys) < maxCounted {
		s.keys[h.Sum64()] = struct{}{}
		t.Keys++
	}
}

// kind names what an event is, in a few words that do not depend on its content.
func kind(e event) string {
	switch {
	case e.hello != nil:
		return "hello"
	case e.status != 0:
		return "status"
	}
	switch e.msg.Kind {
	case peers.KindControl:
		return e.msg.Control.String()
	case peers.KindFault:
		return "error"
	case peers.KindDefinition:
		return "define"
	case peers.KindSwitch:
		return "switch"
	case peers.KindAck:
		return "ack"
	case peers.KindUpdate:
		if e.msg.Update.Timed {
			return "timed update"
		}
		return "update"
	default:
		return "skipped"
	}
}

func (s *summary) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d messages", s.messages)
	separator := ": "
	for _, name := range slices.Sorted(maps.Keys(s.kinds)) {
		fmt.Fprintf(&b, "%s%d %s", separator, s.kinds[name], name)
		separator = ", "
	}
	b.WriteByte('\n')
	for _, name := range slices.Sorted(maps.Keys(s.tables)) {
		fmt.Fprintf(&b, "table %s: %d keys, %d updates\n", word(name), s.tables[name].Keys, s.tables[name].Updates)
	}
	if len(s.keys) >= maxCounted {
		fmt.Fprintf(&b, "keys are told apart up to %d\n", maxCounted)
	}
	return b.String()
}

func (s *summary) json() []byte {
	text, err := json.Marshal(struct {
		Type     string                   `json:"type"`
		Messages uint64                   `json:"messages"`
		Kinds    map[string]uint64        `json:"kinds"`
		Tables   map[string]*tableSummary `json:"tables"`
	}{"summary", s.messages, s.kinds, s.tables})
	if err != nil { // cannot be: numbers and strings only
		return []byte(`{"type":"summary"}`)
	}
	return text
}
