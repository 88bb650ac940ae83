package containers

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// fakeCgroups is a folder that looks like the kernel's.
func fakeCgroups(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for path, content := range files {
		full := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestQuotaIsTheLimitsShareOfThePeriod(t *testing.T) {
	for _, row := range []struct {
		cpus          float64
		period, quota string
	}{
		{cpus: 0.1, period: "10000", quota: "1000"},
		{cpus: 1, period: "10000", quota: "10000"},
		{cpus: 1.5, period: "10000", quota: "15000"},
		{cpus: 0.02, period: "50000", quota: "1000"}, // no quota is below 1 ms, so the period grows
	} {
		v1 := fakeCgroups(t, map[string]string{"cpu/cpu.cfs_quota_us": "-1", "cpuacct/cpuacct.usage": "0"})
		g, err := newCgroup(v1, "lab", "n1", row.cpus)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{read(t, g.cpu, "cpu.cfs_period_us"), read(t, g.cpu, "cpu.cfs_quota_us")}
		if diff := cmp.Diff([]string{row.period, row.quota}, got); diff != "" || !g.limited {
			t.Errorf("v1, %v cores: limited %v (-want +got):\n%s", row.cpus, g.limited, diff)
		}
		v2 := fakeCgroups(t, map[string]string{"cgroup.controllers": "cpuset cpu io\n"})
		if g, err = newCgroup(v2, "lab", "n1", row.cpus); err != nil {
			t.Fatal(err)
		}
		if got, want := read(t, g.cpu, "cpu.max"), row.quota+" "+row.period; got != want || !g.limited {
			t.Errorf("v2, %v cores: cpu.max %q, want %q; limited %v", row.cpus, got, want, g.limited)
		}
	}
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestUsageIsReadFromBothVersions(t *testing.T) {
	root := fakeCgroups(t, map[string]string{
		"one/cpu.stat":            "nr_periods 70\nnr_throttled 30\nthrottled_time 123456\n",
		"account/cpuacct.usage":   "1500000000\n",
		"two/cpu.stat":            "usage_usec 2500000\nuser_usec 1\nsystem_usec 2\nnr_periods 8\nnr_throttled 3\nthrottled_usec 9\n",
		"withoutLimit/cpu.stat":   "usage_usec 7\n",
		"broken/cpu.stat":         "",
		"brokenacc/cpuacct.usage": "x",
	})
	at := func(name string) string { return filepath.Join(root, name) }
	for _, row := range []struct {
		group cgroup
		want  harness.Usage
	}{
		{cgroup{cpu: at("one"), account: at("account")}, harness.Usage{CPU: 1500 * time.Millisecond, Periods: 70, Throttled: 30}},
		{cgroup{cpu: at("two")}, harness.Usage{CPU: 2500 * time.Millisecond, Periods: 8, Throttled: 3}},
		{cgroup{cpu: at("withoutLimit")}, harness.Usage{CPU: 7 * time.Microsecond}},
	} {
		got, err := row.group.usage()
		if diff := cmp.Diff(row.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", row.group.cpu, err, diff)
		}
	}
	for _, broken := range []cgroup{{cpu: at("none")}, {cpu: at("broken"), account: at("brokenacc")}} {
		if u, err := broken.usage(); err == nil {
			t.Errorf("unreadable group gives %+v", u)
		}
	}
}

func TestReadOnlyCgroupsGiveNoGroupAndTheReason(t *testing.T) {
	root := fakeCgroups(t, map[string]string{"cpu/cpu.cfs_quota_us": "-1", "cpu/haproof": "a file where a folder must be"})
	g, err := newCgroup(root, "lab", "n1", 0.5)
	if g != nil || err == nil || !strings.Contains(err.Error(), "haproof") {
		t.Errorf("got %+v, %v; want no group and an error that names the folder", g, err)
	}
}

func TestGroupsOfDeadLabsAreRemovedAndOthersSpared(t *testing.T) {
	root := cgroupsForTests(t)
	old := time.Now().Add(-2 * time.Minute)
	own := fmt.Sprintf("test-%d-", os.Getpid()) // the root is the machine's
	for _, name := range []string{"dead", "young", "live"} {
		lab := own + name
		g, err := newCgroup(root, lab, "n1", 0.5)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := removeLabCgroups(root, lab); err != nil {
				t.Error(err)
			}
		})
		if name == "live" {
			joinUntilDone(t, g)
		}
		if name != "young" {
			if err := os.Chtimes(filepath.Dir(g.cpu), old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	removeDeadCgroups(root)
	left := map[string]bool{}
	for _, name := range []string{"dead", "young", "live"} {
		groups, _ := filepath.Glob(filepath.Join(root, "cpu*", cgroupFolder, own+name))
		other, _ := filepath.Glob(filepath.Join(root, cgroupFolder, own+name))
		left[name] = len(groups)+len(other) > 0
	}
	if diff := cmp.Diff(map[string]bool{"dead": false, "young": true, "live": true}, left); diff != "" {
		t.Errorf("groups left (-want +got):\n%s", diff)
	}
}

// cgroupsForTests is this machine's root, where it can be written to.
func cgroupsForTests(t *testing.T) string {
	t.Helper()
	root := Options{}.cgroupRoot()
	trial := fmt.Sprintf("test-%d-trial", os.Getpid())
	g, err := newCgroup(root, trial, "n1", 0)
	if err != nil {
		realtest.Missing(t, err) // usual for an ordinary user
	}
	if err := errors.Join(g.remove(), removeLabCgroups(root, trial)); err != nil {
		t.Fatal(err)
	}
	return root
}

// joinUntilDone keeps a process in the group until the test ends.
func joinUntilDone(t *testing.T, g *cgroup) {
	t.Helper()
	command := g.enter([]string{"/bin/sh", "-c", "echo in; exec sleep 60"})
	cmd := exec.Command(command[0], command[1:]...)
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // says that it was killed
	})
	if line, err := bufio.NewReader(output).ReadString('\n'); line != "in\n" {
		t.Fatalf("the process did not join: %q %v", line, err)
	}
}
