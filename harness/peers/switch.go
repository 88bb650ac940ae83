package peers

// Switch selects a table that was defined before for the updates that follow.
// HAProxy accepts it but defines the table again instead of sending it.
type Switch struct {
	TableID uint64
}

// AppendTo appends the message.
func (s Switch) AppendTo(b []byte) []byte {
	var payload [maxVarint]byte
	return appendFrame(b, classTable, typeSwitch, appendVarint(payload[:0], s.TableID))
}

func parseSwitch(b []byte) (s Switch, n int, err error) {
	c := cursor{b: b}
	s = Switch{TableID: c.varint()}
	return s, c.pos, c.err
}
