package driver

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/haproof/haproof/harness"
)

func TestCauseOfAnErrorDependsOnItAndTheStage(t *testing.T) {
	inside := func(err error) error {
		return fmt.Errorf("attempt: %w", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", err)})
	}
	for _, c := range []struct {
		err  error
		at   stage
		want harness.Cause
	}{
		{inside(syscall.ECONNREFUSED), connecting, harness.CauseConnect},
		{inside(syscall.EHOSTUNREACH), connecting, harness.CauseConnect},
		{inside(syscall.EADDRNOTAVAIL), connecting, harness.CausePorts},
		{inside(syscall.EADDRINUSE), connecting, harness.CausePorts},
		{inside(syscall.EMFILE), connecting, harness.CauseDescriptors},
		{syscall.ENFILE, connecting, harness.CauseDescriptors},
		{inside(syscall.ENOBUFS), exchanging, harness.CauseResources},
		{inside(syscall.ENOMEM), connecting, harness.CauseResources},
		{syscall.ENOSPC, connecting, harness.CauseResources},
		{inside(syscall.ETIMEDOUT), connecting, harness.CauseTimeout}, // the kernel's patience, which is longer than ours
		{os.ErrDeadlineExceeded, connecting, harness.CauseTimeout},
		{os.ErrDeadlineExceeded, exchanging, harness.CauseTimeout},
		{errors.New("bad certificate"), handshaking, harness.CauseTLS},
		{inside(syscall.ECONNRESET), handshaking, harness.CauseTLS},
		{inside(syscall.ECONNRESET), exchanging, harness.CauseReset},
		{io.ErrUnexpectedEOF, exchanging, harness.CauseReset},
		{malformed("x"), exchanging, harness.CauseProtocol},
	} {
		if got := causeOf(c.err, c.at); got != c.want {
			t.Errorf("%v at stage %d: got %s, want %s", c.err, c.at, got, c.want)
		}
	}
}
