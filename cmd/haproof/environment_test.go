package main

import (
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

func TestMachineIsReadFromProc(t *testing.T) {
	root := fstest.MapFS{
		"etc/os-release":                       {Data: []byte("NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n")},
		"proc/cpuinfo":                         {Data: []byte("processor\t: 0\nmodel name\t: Xeon: 2.6 GHz\n\nprocessor\t: 1\nmodel name\t: other\n")},
		"proc/meminfo":                         {Data: []byte("MemTotal:        8000000 kB\nMemFree:  1 kB\n")},
		"proc/sys/kernel/ostype":               {Data: []byte("Linux\n")},
		"proc/sys/kernel/osrelease":            {Data: []byte("6.1.0\n")},
		"sys/fs/cgroup/cpu/cpu.cfs_quota_us":   {},
		"sys/fs/cgroup/unified/cgroup.threads": {},
	}
	want := harness.Environment{
		OS: "Debian GNU/Linux 12 (bookworm)", Kernel: "Linux 6.1.0", CPUModel: "Xeon: 2.6 GHz", MemoryGB: 8.192, Cgroup: "v1",
	}
	if diff := cmp.Diff(want, machine(root)); diff != "" {
		t.Errorf("machine (-want +got):\n%s", diff)
	}
	root["sys/fs/cgroup/cgroup.controllers"] = &fstest.MapFile{}
	if got := machine(root).Cgroup; got != "v2" {
		t.Errorf("got cgroup %s, want v2 where the unified hierarchy is at the root", got)
	}
}

func TestUnreadableMachineIsNoError(t *testing.T) {
	want := harness.Environment{OS: runtime.GOOS, Cgroup: "none"}
	if diff := cmp.Diff(want, machine(fstest.MapFS{})); diff != "" {
		t.Errorf("machine (-want +got):\n%s", diff)
	}
}

func TestANoteSaysWhereTheUsualDriverDoesNotRun(t *testing.T) {
	if got := driverNotes([]string{"vegeta", "wire"}); len(got) > 0 {
		t.Errorf("where it runs: %q", got)
	}
	if got := driverNotes([]string{"vegeta"}); len(got) != 1 || !strings.Contains(got[0], "driven by vegeta here") {
		t.Errorf("where it does not run: %q", got)
	}
}
