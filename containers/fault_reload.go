package containers

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/runtimeapi"
)

func init() { registerFault(harness.FaultReload, wordless(reload)) }

// A master that has just started, or is reloading, can miss the signal. So it is asked
// first whether it is there, and signalled again when it says after askAgain that it has
// not reloaded.
const (
	reloadWithin = time.Minute
	askAgain     = 3 * time.Second
)

// reload has HAProxy's master start a new worker, by SIGUSR2. It is over when that
// one answers on the Runtime API; the old one may still serve its connections.
func reload(ctx context.Context, _ *lab, n *node, _ harness.Fault) error {
	ctx, cancel := context.WithTimeoutCause(ctx, reloadWithin, fmt.Errorf("not reloaded after %v", reloadWithin))
	defer cancel()
	old, err := workerPID(ctx, n)
	if err != nil {
		return err
	}
	master := runtimeapi.New(n.at(ports.Master))
	reloads := -1 // before the first signal
	var asked time.Time
	return await(ctx, "new worker", func(ctx context.Context) error {
		if time.Since(asked) > askAgain {
			is, err := master.ShowProc(ctx)
			if err != nil {
				return err
			}
			if reloads < 0 {
				reloads = is.Reloads
			}
			asked = time.Now()
			if is.Reloads == reloads {
				if err := n.current().signal(ctx, syscall.SIGUSR2); err != nil {
					return err
				}
			}
		}
		now, err := workerPID(ctx, n)
		if err == nil && now == old {
			err = errors.New("the old worker still answers")
		}
		return err
	})
}

// workerPID is the number of the process that answers on the Runtime API.
func workerPID(ctx context.Context, n *node) (string, error) {
	info, err := runtimeapi.New(n.at(ports.Runtime)).ShowInfo(ctx)
	if err != nil {
		return "", err
	}
	return info["Pid"], nil
}
