package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// machine says where figures come from.
func (b *bench) machine() {
	fmt.Fprintf(b.table.out, "%s, %d cores, %s memory, Linux %s, %s; load average at the beginning: %s\n\n",
		field("/proc/cpuinfo", "model name"), cores(), field("/proc/meminfo", "MemTotal"), first("/proc/sys/kernel/osrelease"), runtime.Version(), load())
}

// field returns what stands behind name in a file of /proc.
func field(file, name string) string {
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

// cores counts all of the machine, those that we may not use as well.
func cores() int {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.NumCPU()
	}
	return bytes.Count(text, []byte("processor\t"))
}

func first(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}

// load returns the averages of 1, 5 and 15 minutes. Above 1 or so at the beginning,
// figures are too bad.
func load() string {
	return strings.Join(strings.Fields(first("/proc/loadavg"))[:3], " ")
}
