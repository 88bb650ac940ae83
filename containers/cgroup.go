package containers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/haproof/haproof/harness"
)

// cgroup limits and meters the CPU of one node, by version 1 or 2 of the
// kernel's control groups.
type cgroup struct {
	limited bool   // from the start on
	cpu     string // directory of the cpu controller
	account string // directory of cpuacct, version 1 only
}

// cgroupFolder holds all groups of haproof below the root of a hierarchy.
const cgroupFolder = "haproof"

// The kernel's accounting period and its smallest quota
// (Documentation/scheduler/sched-bwc.rst).
const (
	cpuPeriod = 10 * time.Millisecond
	leastCPU  = time.Millisecond
)

// newCgroup makes the node's group and sets its limit; no cpus means none. The
// error says why this machine does not allow it.
func newCgroup(root, lab, node string, cpus float64) (*cgroup, error) {
	g := &cgroup{}
	var err error
	switch cgroupVersion(root) {
	case 1:
		g.cpu = filepath.Join(root, "cpu", cgroupFolder, lab, node)
		g.account = filepath.Join(root, "cpuacct", cgroupFolder, lab, node)
		if err = os.MkdirAll(g.cpu, 0o755); err == nil {
			err = os.MkdirAll(g.account, 0o755)
		}
	case 2:
		g.cpu = filepath.Join(root, cgroupFolder, lab, node)
		err = delegateCPU(root, lab, g.cpu)
	default:
		return nil, fmt.Errorf("no CPU controller below %s", root)
	}
	if err == nil && cpus > 0 {
		err = g.limit(cpus)
		g.limited = err == nil
	}
	if err != nil {
		return nil, errors.Join(err, g.remove())
	}
	return g, nil
}

// cgroupVersion is 1 or 2, or 0 where there is no CPU controller.
func cgroupVersion(root string) int {
	if _, err := os.Stat(filepath.Join(root, "cpu", "cpu.cfs_quota_us")); err == nil {
		return 1
	}
	controllers, _ := os.ReadFile(filepath.Join(root, "cgroup.controllers"))
	for _, c := range strings.Fields(string(controllers)) {
		if c == "cpu" {
			return 2
		}
	}
	return 0
}

// delegateCPU hands the cpu controller of version 2 down to the node's group.
func delegateCPU(root, lab, group string) error {
	if err := os.MkdirAll(group, 0o755); err != nil {
		return err
	}
	for _, dir := range []string{root, filepath.Join(root, cgroupFolder), filepath.Join(root, cgroupFolder, lab)} {
		if err := put(dir, "cgroup.subtree_control", "+cpu"); err != nil {
			return err
		}
	}
	return nil
}

// limit sets the quota per period. A small limit lengthens the period, because
// the kernel knows no quota below a millisecond.
func (g *cgroup) limit(cpus float64) error {
	period := max(cpuPeriod, time.Duration(float64(leastCPU)/cpus))
	quota := time.Duration(cpus * float64(period)).Round(time.Microsecond)
	if g.account == "" {
		return put(g.cpu, "cpu.max", fmt.Sprintf("%d %d", quota.Microseconds(), period.Microseconds()))
	}
	return errors.Join(
		put(g.cpu, "cpu.cfs_period_us", strconv.FormatInt(period.Microseconds(), 10)),
		put(g.cpu, "cpu.cfs_quota_us", strconv.FormatInt(quota.Microseconds(), 10)))
}

func put(dir, name, value string) error {
	return os.WriteFile(filepath.Join(dir, name), []byte(value), 0o644)
}

// enter returns a command that joins the group before it becomes the program.
func (g *cgroup) enter(command []string) []string {
	script := `while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit 71; shift; done; shift; exec "$@"`
	return slices.Concat([]string{"/bin/sh", "-c", script, "sh"}, g.dirs(), []string{"--"}, command)
}

func (g *cgroup) dirs() []string {
	if g.account == "" {
		return []string{g.cpu}
	}
	return []string{g.cpu, g.account}
}

// usage reads what the group's processes have consumed, those that ended
// included.
func (g *cgroup) usage() (harness.Usage, error) {
	stat, err := os.ReadFile(filepath.Join(g.cpu, "cpu.stat"))
	if err != nil {
		return harness.Usage{}, err
	}
	values := map[string]uint64{}
	for line := range strings.Lines(string(stat)) {
		if name, number, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			values[name], _ = strconv.ParseUint(number, 10, 64)
		}
	}
	u := harness.Usage{
		CPU:     time.Duration(values["usage_usec"]) * time.Microsecond,
		Periods: values["nr_periods"], Throttled: values["nr_throttled"],
	}
	if g.account == "" {
		return u, nil
	}
	text, err := os.ReadFile(filepath.Join(g.account, "cpuacct.usage"))
	if err != nil {
		return u, err
	}
	ns, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	u.CPU = time.Duration(ns)
	return u, err
}
