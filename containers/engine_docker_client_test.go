package containers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

func TestMissingDaemonAndMissingPermissionAreTold(t *testing.T) {
	socket := filepath.Join(realtest.ShortDir(t), "docker.sock")
	t.Setenv(client.EnvOverrideHost, "unix://"+socket)
	wantTrouble(t, "no Docker daemon runs at unix://"+socket, "start it")
	if cleaned, err := cleanDocker(t.Context()); len(cleaned) > 0 || err != nil {
		t.Errorf("without a daemon the janitor says %v, %v", cleaned, err)
	}
	if facts := dockerFacts(t.Context()); len(facts) != 1 || facts[0].State != StateMissing {
		t.Errorf("facts without a daemon: %+v", facts)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := dockerAnswers(ctx); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("a daemon that takes connections and says nothing: %v", err)
	}
	t.Setenv(client.EnvOverrideHost, "tcp://192.0.2.1:2375")
	wantTrouble(t, "cannot run labs", "local socket")

	denied := dockerTrouble("unix:///x", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EACCES)})
	if !strings.Contains(denied.What, "no permission") || !strings.Contains(denied.Mend, "group docker") || !errors.Is(denied, fs.ErrPermission) {
		t.Errorf("permission denied reads %v", denied)
	}
}

func wantTrouble(t *testing.T, what, mend string) {
	t.Helper()
	err := dockerAnswers(t.Context())
	var lacking *EnvironmentError
	if !errors.As(err, &lacking) || !strings.Contains(lacking.What, what) || !strings.Contains(lacking.Mend, mend) {
		t.Errorf("got %v, want %q (%q)", err, what, mend)
	}
}

func TestProgramsInContainersRunAsWhoeverMayRemoveTheirFiles(t *testing.T) {
	rootless := &docker{info: system.Info{SecurityOptions: []string{"name=seccomp,profile=default", "name=rootless"}}}
	usual := &docker{}
	if got, want := rootless.user()+" "+usual.user(), fmt.Sprintf("0:0 %d:%d", os.Getuid(), os.Getgid()); got != want {
		t.Errorf("users are %s, want %s", got, want)
	}
}

func TestDoctorKnowsTheDaemonItsLimitsAndItsImages(t *testing.T) {
	d := &docker{info: system.Info{CgroupVersion: "2", CPUCfsQuota: true}}
	images := judgeImages(nil)
	for i := range images {
		images[i].Present, images[i].Bytes = true, 70_000_000
	}
	got := []Fact{d.limitFact(), imagesFact(images, nil)}
	d.info.CPUCfsQuota, images[1].Stale = false, true
	got = append(got, d.limitFact(), imagesFact(images[:2], nil))
	want := []Fact{
		{Subject: "docker CPU limits", State: StateOK, Detail: "cgroup v2"},
		{Subject: "docker images", State: StateOK, Detail: "haproof/haproxy:2.6 70 MB, haproof/haproxy:3.0 70 MB, " +
			"haproof/haproxy:3.2 70 MB, haproof/haproxy:3.4 70 MB, haproof/web:bookworm 70 MB"},
		{Subject: "docker CPU limits", State: StateLimited, Detail: "cgroup v2, the daemon cannot limit CPU time",
			Mend: "let the daemon have the cpu controller, or use the process engine as root"},
		{Subject: "docker images", State: StateLimited, Detail: "haproof/haproxy:2.6 70 MB, haproof/haproxy:3.0 stale",
			Mend: "build them: haproof images --build"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

func TestDoctorFindsTheRunningDaemon(t *testing.T) {
	d := needDocker(t)
	facts := dockerFacts(t.Context())
	if len(facts) != 3 || facts[0].State != StateOK || !strings.Contains(facts[0].Detail, d.info.ServerVersion) {
		t.Errorf("facts: %+v", facts)
	}
}
