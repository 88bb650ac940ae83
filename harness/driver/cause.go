package driver

import (
	"errors"
	"net"
	"os"
	"slices"
	"syscall"

	"github.com/haproof/haproof/harness"
)

// stage is how far an attempt had come.
type stage uint8

const (
	connecting stage = iota
	handshaking
	exchanging
)

// shortages are what the kernel says when the client itself has run out of
// descriptors, ports or memory (connect(2), socket(2), accept(2)).
var shortages = []syscall.Errno{
	syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.EADDRINUSE, syscall.ENOBUFS, syscall.ENOMEM,
}

// causeOf classifies the error that ended an attempt at a stage.
func causeOf(err error, at stage) harness.Cause {
	var errno syscall.Errno
	var network net.Error
	switch {
	case errors.As(err, &errno) && slices.Contains(shortages, errno):
		return harness.CauseResources
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return harness.CauseTimeout
	case at == connecting:
		return harness.CauseConnect
	case at == handshaking:
		return harness.CauseTLS
	case errors.Is(err, errProtocol):
		return harness.CauseProtocol
	default:
		return harness.CauseReset
	}
}
