package peers

import "errors"

var (
	// ErrProtocol is wrapped by every complaint about malformed bytes. The
	// connection they came from cannot be used any more.
	ErrProtocol = errors.New("peers protocol error")

	// ErrSize is wrapped when a length or a number on the wire exceeds a limit.
	ErrSize = errors.New("peers size limit exceeded")
)

var (
	errShort    = errors.New("unexpected end")
	errOverflow = errors.New("integer exceeds 64 bits")
)
