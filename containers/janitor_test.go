package containers

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// ownerVariable makes the test binary a program that owns a lab.
const ownerVariable = "HAPROOF_TEST_OWNER"

// ownLabUntilKilled starts a lab, says so, and waits to be killed.
func ownLabUntilKilled(dir string) int {
	sc := labScenario(1, 1, 0)
	sc.Topology["backend"] = withCPUs(sc.Topology["backend"], 0.5)
	if _, err := Start(context.Background(), sc, Options{Engine: engineLocal, WorkDir: dir}); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("up")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // until killed, or the test is gone
	return 0
}

func TestKilledOwnerLeavesWorkForTheJanitorOnly(t *testing.T) {
	opts := testOptions(t, engineLocal)
	killOwner(t, opts.WorkDir)
	orphans := processesIn(opts.WorkDir)
	if len(orphans) < 4 { // bash, php-fpm, nginx and HAProxy at least
		t.Fatalf("only processes %v outlived their owner: the test proves nothing", orphans)
	}
	live := startLab(t, labScenario(0, 1, 0), Options{Engine: engineLocal, WorkDir: realtest.ShortDir(t)})
	cleaned, err := cleanProcesses(t.Context(), opts)
	if err != nil || len(cleaned) != 1 {
		t.Fatalf("cleaned %v %v", cleaned, err)
	}
	if left := processesIn(opts.WorkDir); len(left) > 0 {
		t.Errorf("processes %v outlived the janitor", left)
	}
	if left, err := os.ReadDir(filepath.Join(opts.WorkDir, "labs")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	id := strings.TrimPrefix(cleaned[0], "process lab ")
	if left, _ := filepath.Glob("/sys/fs/cgroup/cpu*/haproof/" + id); len(left) > 0 {
		t.Errorf("groups %v outlived the janitor", left)
	}
	if failures := live.Failures(); len(failures) > 0 {
		t.Errorf("the janitor hit a live lab: %+v", failures)
	}
}

func TestJanitorSparesLabsOfTheLiving(t *testing.T) {
	opts := testOptions(t, engineLocal)
	l := startLab(t, labScenario(0, 1, 0), opts)
	cleaned, err := cleanProcesses(t.Context(), opts)
	if err != nil || len(cleaned) > 0 || len(l.Failures()) > 0 {
		t.Errorf("cleaned %v of a lab whose owner lives: %v %+v", cleaned, err, l.Failures())
	}
}

func TestProcessNumberUsedAgainIsNotTheOwner(t *testing.T) {
	o := ourselves()
	if !o.alive() {
		t.Error("we take ourselves for dead")
	}
	o.Start += "1"
	if o.alive() {
		t.Error("a process that started at another time passes for the owner")
	}
}

// killOwner runs the test binary as the owner of a lab and kills it hard.
func killOwner(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), ownerVariable+"="+dir)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(output).ReadString('\n')
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // says that it was killed
	if line != "up\n" {
		t.Fatalf("the owner's lab did not come up: %s", line)
	}
}
