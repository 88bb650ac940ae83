package harnesstest

import (
	"testing"

	"github.com/haproof/haproof/harness/driver"
	"github.com/haproof/haproof/harness/witness"
)

func TestLogsLookAwayFromWhereProbesBegin(t *testing.T) {
	if driver.ProbeSeq != witness.FirstProbe {
		t.Errorf("the driver's probes begin at %d, witnesses look away from %d", uint64(driver.ProbeSeq), uint64(witness.FirstProbe))
	}
}
