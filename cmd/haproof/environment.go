package main

import (
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/driver"
)

// environment describes this machine and program. It raises the descriptor
// limit to what the system allows.
func environment(engine, command string) harness.Environment {
	env := machine(os.DirFS("/"))
	env.Haproof, env.Go = programVersion(), runtime.Version()
	env.Engine, env.Command = engine, command
	env.Cores = runtime.NumCPU()
	limit, err := raiseFiles()
	env.Files = limit
	if err != nil {
		env.Notes = append(env.Notes, "descriptor limit: "+err.Error())
	}
	env.Notes = append(env.Notes, driverNotes(driver.Names())...)
	return env
}

// driverNotes says where the default driver is not the usual one.
func driverNotes(known []string) []string {
	if len(known) == 0 || slices.Contains(known, "wire") {
		return nil
	}
	return []string{"driver wire needs Linux on amd64 or arm64: a workload that names no driver is driven by " + harness.DefaultDriver(known) + " here"}
}

// machine reads what Linux says about itself below root. What it does not say
// stays empty.
func machine(root fs.FS) harness.Environment {
	text := func(path string) string {
		b, err := fs.ReadFile(root, path)
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(b))
	}
	env := harness.Environment{
		OS:       strings.Trim(entry(text("etc/os-release"), "PRETTY_NAME", "="), `"`),
		Kernel:   strings.TrimSpace(text("proc/sys/kernel/ostype") + " " + text("proc/sys/kernel/osrelease")),
		CPUModel: entry(text("proc/cpuinfo"), "model name", ":"),
		Cgroup:   cgroup(root),
	}
	kB, _, _ := strings.Cut(entry(text("proc/meminfo"), "MemTotal", ":"), " ")
	if n, err := strconv.ParseFloat(kB, 64); err == nil {
		env.MemoryGB = n * 1024 / 1e9
	}
	if env.OS == "" {
		env.OS = runtime.GOOS
	}
	return env
}

// entry returns the value of the first line that begins with name and the
// separator.
func entry(text, name, separator string) string {
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(line, separator)
		if ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// cgroup says which version governs CPU time here.
func cgroup(root fs.FS) string {
	if _, err := fs.Stat(root, "sys/fs/cgroup/cgroup.controllers"); err == nil {
		return "v2"
	}
	if _, err := fs.Stat(root, "sys/fs/cgroup/cpu"); err == nil {
		return "v1"
	}
	return "none"
}
