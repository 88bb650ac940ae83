package containers

import (
	"context"
	"errors"
)

// Clean removes what runs that were killed left behind on both engines, and
// names it. Labs whose owner lives are left alone.
func Clean(ctx context.Context) ([]string, error) {
	local, err := cleanProcesses(ctx, Options{})
	if dockerErr := dockerAnswers(ctx); dockerErr != nil {
		return local, err // no daemon, nothing of ours in it
	}
	containers, dockerErr := cleanDocker(ctx)
	return append(local, containers...), errors.Join(err, dockerErr)
}

// sweep does what Clean does before a lab starts, on the engines it uses.
func sweep(ctx context.Context, chosen string, opts Options) error {
	_, err := cleanProcesses(ctx, opts)
	if chosen == engineDocker {
		_, dockerErr := cleanDocker(ctx)
		err = errors.Join(err, dockerErr)
	}
	return err
}
