package containers

import (
	"os"

	"github.com/haproof/haproof/harness"
)

// prepareFaults makes what faults of the scenario need before any node is rendered.
// Labs without such faults have none of it.
func (l *lab) prepareFaults() error {
	if err := l.mountStores(); err != nil {
		return err
	}
	return l.openRelays()
}

// faultsFit refuses faults that cannot be played here.
func (p *plan) faultsFit() error {
	for _, n := range p.of(harness.TierTracker) {
		if p.mayMeet(n, harness.FaultDiskFull) && os.Getuid() != 0 {
			return &EnvironmentError{What: "fault diskfull mounts a small file system, which only root can", Mend: "run it as root, or take the fault out"}
		}
	}
	return nil
}
