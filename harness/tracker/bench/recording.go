package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/haproof/haproof/harness/peers"
)

const (
	customers = 100_000
	updates   = 1_000_000 // of the recording

	generation = "1763683530123"
)

// recording is a session of one HAProxy: its greeting, its table, and updates of
// random customers, each of which grows by one. After an explicit one come 99 that
// are numbered by the one before them.
type recording struct {
	hello, stream []byte
}

func newRecording() recording {
	def := peers.Definition{ID: 1, Name: "/quota", KeyType: peers.KeyString, KeyLen: 65, Fields: []peers.Field{{Type: peers.GPC0, Elements: 1}}}
	r := recording{
		hello:  peers.Hello{Major: 2, Minor: 1, To: "tracker", From: "hap1", PID: 1}.AppendTo(nil),
		stream: def.AppendTo(nil),
	}
	random := rand.New(rand.NewPCG(1, 1))
	values := make([]uint64, customers)
	keys := make([][]byte, customers)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "c%06d|%s", i, generation)
	}
	for i := range updates {
		c := random.IntN(customers)
		values[c]++
		u := peers.Update{Table: &def, ID: uint32(i + 1), Incremental: i%100 != 0, Key: keys[c], Values: values[c : c+1]}
		r.stream = u.AppendTo(r.stream)
	}
	return r
}

// whole is the session as a file.
func (r recording) whole() []byte { return append(append([]byte(nil), r.hello...), r.stream...) }
