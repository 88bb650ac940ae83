package driver

import (
	"context"
	"time"

	"github.com/haproof/haproof/harness"
)

// probeCapacity looks for the capacity by means of an engine, see harness.Prober.
func probeCapacity(ctx context.Context, w harness.Workload, to []harness.Endpoint, by engine, length time.Duration) (harness.Capacity, error) {
	targets, err := NewTargets(w)
	if err != nil {
		return harness.Capacity{}, err
	}
	client, err := newClient(w, to)
	if err != nil {
		return harness.Capacity{}, err
	}
	defer func() { _ = client.close() }() // what a close could say no longer matters
	o := &offer{client: client, targets: targets, engine: by}
	return o.probe(ctx, length)
}
