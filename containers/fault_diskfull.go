package containers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/haproof/haproof/harness"
)

func init() { registerFault(harness.FaultDiskFull, wordless(diskFull)) }

// What a tracker keeps lies in a file system of its own where the scenario may fill it.
const (
	storeDir  = "store"
	storeSize = 64 << 20 // bytes
	ballast   = "ballast"
)

// diskFull leaves a tracker no room to write, and then gives it back. Users see nothing.
// A tracker that cannot write must not acknowledge.
func diskFull(ctx context.Context, _ *lab, n *node, f harness.Fault) error {
	path := filepath.Join(n.site.HostDir, storeDir, ballast)
	return while(ctx, n, f, func() error { return fillUp(path) }, func() error { return os.Remove(path) })
}

// fillUp writes into a file until there is no room.
func fillUp(path string) (err error) {
	ballast, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ballast.Close()) }()
	for size := 1 << 20; size > 0; { // smaller and smaller pieces, to the last byte
		switch _, err := ballast.Write(make([]byte, size)); {
		case errors.Is(err, syscall.ENOSPC):
			size /= 2
		case err != nil:
			return err
		}
	}
	return nil
}

// storePath is where a tracker keeps its store, in its directory.
func (p *plan) storePath(n *node) string {
	if p.mayMeet(n, harness.FaultDiskFull) {
		return storeDir + "/counts.db"
	}
	return "counts.db"
}

// mountStores gives each tracker whose disk may be full a small file system for its
// store.
func (l *lab) mountStores() error {
	for _, n := range l.plan.of(harness.TierTracker) {
		if !l.plan.mayMeet(n, harness.FaultDiskFull) {
			continue
		}
		dir := filepath.Join(n.site.HostDir, storeDir)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", storeSize)); err != nil {
			return &EnvironmentError{What: "cannot mount a small file system, which fault diskfull needs", Err: err, Mend: "run it as root"}
		}
	}
	return nil
}
