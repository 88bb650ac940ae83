package peers

import (
	"fmt"
	"strconv"
)

// Status is the three-digit answer to a greeting. Any other than StatusOK makes
// the HAProxy that called give up on us for the life of its process.
type Status int

// The answers that HAProxy gives (src/peers.c, PEER_SESS_SC_*).
const (
	StatusOK          Status = 200
	StatusTryAgain    Status = 300
	StatusProtocol    Status = 501 // the greeting is malformed
	StatusVersion     Status = 502 // not 2.0 or 2.1
	StatusWrongPeer   Status = 503 // the name that was called is not the callee's
	StatusUnknownPeer Status = 504 // the caller's name is not known
)

// AppendTo appends the line that carries the status.
func (s Status) AppendTo(b []byte) []byte {
	return append(strconv.AppendInt(b, int64(s), 10), '\n')
}

// Error makes a refusal an error of its own, to be found with errors.As.
func (s Status) Error() string {
	switch s {
	case StatusTryAgain:
		return "status 300: try again later"
	case StatusProtocol:
		return "status 501: greeting malformed"
	case StatusVersion:
		return "status 502: protocol version not supported"
	case StatusWrongPeer:
		return "status 503: called by a name that is not the peer's own"
	case StatusUnknownPeer:
		return "status 504: caller's name not known"
	default:
		return fmt.Sprintf("status %d", int(s))
	}
}

// ParseStatus reads the line at the start of b that answers a greeting, and returns the
// bytes it took, 0 when b does not hold all of it.
func ParseStatus(b []byte) (s Status, n int, err error) {
	line, n := parseLine(b)
	if n == 0 {
		if len(b) > maxHello {
			return 0, 0, fmt.Errorf("%w: status line of more than %d bytes", ErrSize, maxHello)
		}
		return 0, 0, nil
	}
	code, err := strconv.Atoi(line)
	if err != nil || len(line) != 3 || code < 100 {
		return 0, 0, fmt.Errorf("%w: status line %.20q", ErrProtocol, line)
	}
	return Status(code), n, nil
}
