package goals

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// Machine says where figures come from.
type Machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"` // all of the machine, those that we may not use as well
	Memory string `json:"memory"`
	Kernel string `json:"kernel"`
	Go     string `json:"go"`
	Load   string `json:"load"` // averages of 1, 5 and 15 minutes at the beginning. Above 1 or so, figures are too bad
}

// ThisMachine describes the one that this runs on, now.
func ThisMachine() Machine {
	return Machine{
		CPU: Field("/proc/cpuinfo", "model name"), Cores: cores(), Memory: Field("/proc/meminfo", "MemTotal"),
		Kernel: line("/proc/sys/kernel/osrelease"), Go: runtime.Version(), Load: Load(),
	}
}

func (m Machine) String() string {
	return fmt.Sprintf("%s, %d cores, %s memory, Linux %s, %s; load average at the beginning: %s", m.CPU, m.Cores, m.Memory, m.Kernel, m.Go, m.Load)
}

// Field returns what stands behind a name in a file of /proc, or "unknown".
func Field(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	for line := range bytes.Lines(text) {
		if key, value, ok := strings.Cut(string(line), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func cores() int {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.NumCPU()
	}
	return bytes.Count(text, []byte("processor\t"))
}

func line(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}

// Load returns the load averages of 1, 5 and 15 minutes, or "unknown".
func Load() string {
	fields := strings.Fields(line("/proc/loadavg"))
	if len(fields) < 3 {
		return "unknown"
	}
	return strings.Join(fields[:3], " ")
}
