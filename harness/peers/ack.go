package peers

import "encoding/binary"

// Ack tells the sender of updates how far they have been applied. It is used when
// the sender reconnects: what was acknowledged is not sent again.
type Ack struct {
	TableID uint64 // the table's number as the sender of the updates defined it
	ID      uint32 // the last update applied
}

// AppendTo appends the message.
func (a Ack) AppendTo(b []byte) []byte {
	var payload [maxVarint + 4]byte
	p := appendVarint(payload[:0], a.TableID)
	p = binary.BigEndian.AppendUint32(p, a.ID)
	return appendFrame(b, classTable, typeAck, p)
}

func parseAck(b []byte) (a Ack, n int, err error) {
	c := cursor{b: b}
	a = Ack{TableID: c.varint(), ID: c.uint32()}
	return a, c.pos, c.err
}
