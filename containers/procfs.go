package containers

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// nodeVariable names the node's directory in the environment of every child:
// HAProxy leaves its working directory, nginx and PHP overwrite their environment.
const nodeVariable = "HAPROOF_NODE"

// processesIn returns the processes that belong to a directory or below it, by
// their working directory or their environment.
func processesIn(dir string) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var pids []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err == nil && pid != os.Getpid() && belongs(pid, dir) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// belongs asks /proc. A zombie has neither directory nor environment.
func belongs(pid int, dir string) bool {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	if cwd, err := os.Readlink(proc + "/cwd"); err == nil && within(strings.TrimSuffix(cwd, " (deleted)"), dir) {
		return true
	}
	environment, err := os.ReadFile(proc + "/environ")
	if err != nil {
		return false
	}
	for variable := range strings.SplitSeq(string(environment), "\x00") {
		if node, ok := strings.CutPrefix(variable, nodeVariable+"="); ok && within(node, dir) {
			return true
		}
	}
	return false
}

func within(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

// endProcesses kills what belongs to a directory until nothing does.
func endProcesses(ctx context.Context, dir string) error {
	return await(ctx, "end processes in "+dir, func(context.Context) error {
		pids := processesIn(dir)
		if len(pids) == 0 {
			return nil
		}
		for _, pid := range pids {
			endProcess(pid, dir)
		}
		return fmt.Errorf("processes %v live", pids)
	})
}

// endProcess kills one process. The handle is taken before it is looked at
// again, so a number that changed hands meanwhile is not hit.
func endProcess(pid int, dir string) {
	handle, err := os.FindProcess(pid)
	if err != nil {
		return
	}
	if belongs(pid, dir) {
		_ = handle.Kill() // fails only if it has ended
	}
	_ = handle.Release()
}

// statFields returns the fields of /proc/<pid>/stat after the name, which may
// contain spaces: state is field 0, as numbered 3 in proc(5).
func statFields(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	_, rest, _ := strings.Cut(string(text[bytes.LastIndexByte(text, ')')+1:]), " ")
	return strings.Fields(rest)
}

// cpuOf adds up the CPU time of processes and of their children that ended.
func cpuOf(pids []int) time.Duration {
	const tick = time.Second / 100 // USER_HZ, fixed for user space
	var sum time.Duration
	for _, pid := range pids {
		f := statFields(pid)
		if len(f) < 15 {
			continue
		}
		for _, text := range f[11:15] { // utime stime cutime cstime
			ticks, _ := strconv.ParseInt(text, 10, 64)
			sum += time.Duration(ticks) * tick
		}
	}
	return sum
}

// startTime is when a process started, in ticks since boot; "" if it is gone.
// With its number it names a process for good.
func startTime(pid int) string {
	f := statFields(pid)
	if len(f) < 20 || f[0] == "Z" || f[0] == "X" {
		return ""
	}
	return f[19]
}
