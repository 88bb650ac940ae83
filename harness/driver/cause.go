package driver

import (
	"errors"
	"net"
	"os"
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

// errLeft ends an attempt whose client leaves before it has read anything.
var errLeft = errors.New("the client left")

// shortages are what the kernel says when the client itself lacks the means for an
// attempt (socket(2), connect(2), epoll_ctl(2)). A connect without an address of its
// own finds EADDRNOTAVAIL, or on other systems EADDRINUSE, when no port is free.
var shortages = map[syscall.Errno]harness.Cause{
	syscall.EMFILE:        harness.CauseDescriptors, // of the process
	syscall.ENFILE:        harness.CauseDescriptors, // of the machine
	syscall.EADDRNOTAVAIL: harness.CausePorts,
	syscall.EADDRINUSE:    harness.CausePorts,
	syscall.ENOBUFS:       harness.CauseResources,
	syscall.ENOMEM:        harness.CauseResources,
	syscall.ENOSPC:        harness.CauseResources, // no more descriptors may be watched
}

// shortageOf returns the cause of an attempt that the client itself had no means for,
// empty for any other error.
func shortageOf(err error) harness.Cause {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return ""
	}
	return shortages[errno]
}

// causeOf classifies the error that ended an attempt at a stage.
func causeOf(err error, at stage) harness.Cause {
	if own := shortageOf(err); own != "" {
		return own
	}
	var network net.Error
	switch {
	case errors.Is(err, errLeft):
		return harness.CauseAborted
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
