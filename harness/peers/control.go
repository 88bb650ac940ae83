package peers

import "fmt"

// Control is a message of class 0.
type Control byte

// The control messages (doc/peers.txt). The learner sends ResyncRequest, the
// teacher answers with all it knows and then ResyncFinished, or ResyncPartial when
// it is still learning itself, and the learner says ResyncConfirm. Until then the
// teacher sends no live updates.
const (
	ResyncRequest Control = iota
	ResyncFinished
	ResyncPartial
	ResyncConfirm
	Heartbeat
)

// AppendTo appends the message.
func (c Control) AppendTo(b []byte) []byte { return append(b, classControl, byte(c)) }

// String names the message as logs and tests print it.
func (c Control) String() string {
	names := [...]string{"resync request", "resync finished", "resync partial", "resync confirm", "heartbeat"}
	if int(c) < len(names) {
		return names[c]
	}
	return fmt.Sprintf("control %d", byte(c))
}
