package peers

import "fmt"

// Fault is a message of class 1, with which a peer explains why it is about to
// close the connection. HAProxy ignores the ones it receives.
type Fault byte

// The faults (doc/peers.txt).
const (
	FaultProtocol Fault = 0
	FaultSize     Fault = 1
)

// AppendTo appends the message.
func (f Fault) AppendTo(b []byte) []byte { return append(b, classError, byte(f)) }

// String names the fault as logs print it.
func (f Fault) String() string {
	switch f {
	case FaultProtocol:
		return "protocol error"
	case FaultSize:
		return "size limit"
	default:
		return fmt.Sprintf("fault %d", byte(f))
	}
}
