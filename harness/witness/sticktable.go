package witness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/runtimeapi"
)

// StickTable reads HAProxy's own counters over its Runtime API.
type StickTable struct {
	apis   map[string]*runtimeapi.Client
	table  string
	shared bool
}

var _ harness.Witness = (*StickTable)(nil)

// NewStickTable returns the witness that reads a table, such as tracker/quota,
// of each proxy, by node name. Where proxies share it, being peers of each other, what
// several of them have under one key is one counter.
func NewStickTable(apis map[string]*runtimeapi.Client, table string, shared bool) *StickTable {
	return &StickTable{apis: apis, table: table, shared: shared}
}

// Name returns harness.WitnessStickTable.
func (*StickTable) Name() string { return harness.WitnessStickTable }

// Testify adds up gpc0 by customer over all proxies and generations. It counts
// warm-up and probe attempts too, see FirstProbe.
func (s *StickTable) Testify(ctx context.Context) (harness.Ledger, error) {
	if len(s.apis) == 0 {
		return nil, errors.New("no proxy to ask")
	}
	counters := map[string]uint64{} // by key
	for _, node := range slices.Sorted(maps.Keys(s.apis)) {
		entries, err := s.apis[node].ShowTable(ctx, s.table)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", node, err)
		}
		if err := s.add(counters, entries); err != nil {
			return nil, fmt.Errorf("%s: table %s: %w", node, s.table, err)
		}
	}
	ledger := harness.Ledger{}
	for key, n := range counters {
		tally := ledger[customerOfKey(key)]
		tally.Sure += n
		ledger[customerOfKey(key)] = tally
	}
	return ledger, nil
}

// add takes in one proxy's entries. Of a shared counter the largest value counts: the
// others are copies that have not heard of it yet.
func (s *StickTable) add(counters map[string]uint64, entries []runtimeapi.Entry) error {
	for _, e := range entries {
		gpc0, ok := e.Data["gpc0"]
		switch {
		case !ok:
			return fmt.Errorf("entry %q has no gpc0", e.Key)
		case s.shared:
			counters[e.Key] = max(counters[e.Key], gpc0)
		default:
			counters[e.Key] += gpc0
		}
	}
	return nil
}

// customerOfKey takes the generation off "<customer>|<generation>". A key
// without one is the customer.
func customerOfKey(key string) string {
	if i := strings.LastIndexByte(key, '|'); i >= 0 {
		return key[:i]
	}
	return key
}
