//go:build !linux

package receiver

import "context"

// loop exists on Linux only; elsewhere each connection has a goroutine.
type loop struct{}

func newLoop(*Server) (*loop, error) { return nil, nil }

func (*loop) run(context.Context) error { return nil }
