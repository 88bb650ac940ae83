package peers

import (
	"errors"
	"fmt"
)

// Message classes and types (doc/peers.txt; src/peers.c defines 0x84 for
// acknowledgements where the document says 133).
const (
	classControl  = 0
	classError    = 1
	classTable    = 10
	classReserved = 255

	typeUpdate           = 0x80
	typeIncremental      = 0x81
	typeDefinition       = 0x82
	typeSwitch           = 0x83
	typeAck              = 0x84
	typeTimedUpdate      = 0x85
	typeTimedIncremental = 0x86

	// withPayload is the first type that carries a length and a payload,
	// whatever its class.
	withPayload = 0x80

	// maxLength is how many bytes HAProxy reads to find the length of a payload
	// (PEER_MSG_ENC_LENGTH_MAXLEN, src/peers.c). Five hold 4 GiB.
	maxLength = 5
)

// frame is one message as it lies on the wire, not yet understood.
type frame struct {
	class, typ byte
	payload    []byte // nil for types below withPayload; aliases the input
}

// parseFrame cuts the first message off b. n is 0 when b does not hold all of it.
// A payload longer than limit bytes is refused as soon as its length is known.
func parseFrame(b []byte, limit int) (f frame, n int, err error) {
	if len(b) == 0 {
		return frame{}, 0, nil
	}
	if b[0] == classReserved {
		return frame{}, 0, fmt.Errorf("%w: reserved message class %d", ErrProtocol, classReserved)
	}
	if len(b) < 2 {
		return frame{}, 0, nil
	}
	f = frame{class: b[0], typ: b[1]}
	if f.typ < withPayload {
		return f, 2, nil
	}
	size, n, err := parseVarint(b[2:])
	if err != nil {
		return frame{}, 0, lengthError(err, len(b)-2)
	}
	if size > uint64(limit) {
		return frame{}, 0, fmt.Errorf("%w: message of %d bytes, limit %d", ErrSize, size, limit)
	}
	n += 2
	end := n + int(size)
	if end > len(b) {
		return frame{}, 0, nil
	}
	f.payload = b[n:end:end]
	return f, end, nil
}

// lengthError says what is wrong with a length that could not be read from so many
// bytes: nothing, if more of them may come.
func lengthError(err error, bytes int) error {
	switch {
	case !errors.Is(err, errShort):
		return fmt.Errorf("%w: message length: %w", ErrProtocol, err)
	case bytes < maxLength:
		return nil
	default:
		return fmt.Errorf("%w: message length of more than %d bytes", ErrSize, maxLength)
	}
}

// appendFrame appends a message with a payload.
func appendFrame(b []byte, class, typ byte, payload []byte) []byte {
	b = append(b, class, typ)
	b = appendVarint(b, uint64(len(payload)))
	return append(b, payload...)
}
