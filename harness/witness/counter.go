package witness

import (
	"fmt"

	"github.com/haproof/haproof/harness"
)

// counter counts per key without an allocation per count.
type counter map[string]*uint64

func (c counter) add(key []byte, n uint64) {
	if p, ok := c[string(key)]; ok {
		*p += n
		return
	}
	c[string(key)] = &n
}

func (c counter) ledger() harness.Ledger {
	ledger := make(harness.Ledger, len(c))
	for key, n := range c {
		ledger[key] = harness.Tally{Sure: *n}
	}
	return ledger
}

// strange collects lines that cannot be read. Any of them might be a charge, so
// a witness with strange lines has no ledger.
type strange struct {
	lines uint64
	first string
}

func (s *strange) add(node string, line []byte) {
	if s.lines == 0 {
		s.first = fmt.Sprintf("%s: %.200q", node, line)
	}
	s.lines++
}

func (s *strange) err() error {
	if s.lines == 0 {
		return nil
	}
	return fmt.Errorf("%d lines cannot be read, the first is %s", s.lines, s.first)
}
