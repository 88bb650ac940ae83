package peers

import (
	"fmt"
	"testing"
)

// BenchmarkDecodeUpdates reads a stream of updates of a table that stores gpc0, the
// keys as long as customer and generation make them.
func BenchmarkDecodeUpdates(b *testing.B) {
	def := Definition{ID: 1, Name: "/quota", KeyType: KeyString, KeyLen: 65, Fields: []Field{{Type: GPC0, Elements: 1}}}
	var d Decoder
	feed(b, &d, def.AppendTo(nil))
	const updates = 1000
	var stream []byte
	for i := range updates {
		u := Update{Table: &def, ID: uint32(2 * i), Incremental: i%2 == 1, Values: []uint64{uint64(100 * i)},
			Key: fmt.Appendf(nil, "c%04d|1763683530123", i%50)}
		stream = u.AppendTo(stream)
	}
	b.ReportAllocs()
	var sum uint64
	for i := 0; i < b.N; i += updates {
		for rest := stream; len(rest) > 0; {
			m, n, err := d.Next(rest)
			if err != nil {
				b.Fatal(err)
			}
			rest = rest[n:]
			sum += m.Update.Values[0]
		}
	}
	if sum == 0 {
		b.Error("nothing decoded")
	}
}
