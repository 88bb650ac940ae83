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
	apis  map[string]*runtimeapi.Client
	table string
}

var _ harness.Witness = (*StickTable)(nil)

// NewStickTable returns the witness that reads a table, such as tracker/quota,
// of each proxy, by node name.
func NewStickTable(apis map[string]*runtimeapi.Client, table string) *StickTable {
	return &StickTable{apis: apis, table: table}
}

// Name returns harness.WitnessStickTable.
func (*StickTable) Name() string { return harness.WitnessStickTable }

// Testify adds up gpc0 by customer over all proxies and generations. It counts
// warm-up and probe attempts too, see FirstProbe.
func (s *StickTable) Testify(ctx context.Context) (harness.Ledger, error) {
	if len(s.apis) == 0 {
		return nil, errors.New("no proxy to ask")
	}
	ledger := harness.Ledger{}
	for _, node := range slices.Sorted(maps.Keys(s.apis)) {
		entries, err := s.apis[node].ShowTable(ctx, s.table)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", node, err)
		}
		if err := addEntries(ledger, entries); err != nil {
			return nil, fmt.Errorf("%s: table %s: %w", node, s.table, err)
		}
	}
	return ledger, nil
}

func addEntries(ledger harness.Ledger, entries []runtimeapi.Entry) error {
	for _, e := range entries {
		gpc0, ok := e.Data["gpc0"]
		if !ok {
			return fmt.Errorf("entry %q has no gpc0", e.Key)
		}
		tally := ledger[customerOfKey(e.Key)]
		tally.Sure += gpc0
		ledger[customerOfKey(e.Key)] = tally
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
