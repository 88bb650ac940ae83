package containers

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// doomedVariable makes TestDoomedOwner own a lab in the directory it names.
const doomedVariable = "HAPROOF_TEST_DOOMED"

// TestDoomedOwner is no test: it is the process that the next one kills.
func TestDoomedOwner(t *testing.T) {
	dir := os.Getenv(doomedVariable)
	if dir == "" {
		t.Skip("only run by another test")
	}
	e, err := newDockerEngine(t.Context(), Options{WorkDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	id := fmt.Sprintf("doomed-%d", os.Getpid())
	sites, err := e.reserve(t.Context(), id, []string{"proxy1"})
	if err != nil {
		t.Fatal(err)
	}
	spec := nodeSpec{Name: "proxy1", Image: testImage, Site: sites["proxy1"], Command: []string{"sleep", "600"}}
	if _, err := e.start(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	fmt.Println("lab " + id)
	_, _ = io.Copy(io.Discard, os.Stdin) // until killed, or the parent is gone
	_ = e.release(context.Background())
}

func TestLabOfKilledOwnerIsClearedAndNoOther(t *testing.T) {
	d := needDocker(t)
	dir := realtest.ShortDir(t)
	lab := killedOwner(t, dir)
	if left := leftOf(t, d, labLabel+"="+lab); len(left) != 2 {
		t.Fatalf("the killed owner left %v, want a container and a network", left)
	}
	living := newDockerLab(t, "proxy1")
	p := living.run(t, nodeSpec{Name: "proxy1"}, "exec sleep 60")
	cleaned, err := cleanDocker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"container haproof-" + lab + "-proxy1", "network haproof-" + lab, "directory " + filepath.Join(dir, "labs", lab)} {
		if !strings.Contains(strings.Join(cleaned, "\n"), want) {
			t.Errorf("%q is not among what was cleaned: %q", want, cleaned)
		}
	}
	if left := leftOf(t, d, labLabel+"="+lab); len(left) > 0 || exists(filepath.Join(dir, "labs", lab)) {
		t.Errorf("left of the killed owner's lab: %v", left)
	}
	if left := leftOf(t, d, labLabel+"="+living.lab); len(left) != 2 || p.err() != nil || !exists(living.dir.path) {
		t.Errorf("the living lab has %v left, its node says %v", left, p.err())
	}
}

// killedOwner lets another process own a lab, and kills it.
func killedOwner(t *testing.T, dir string) (lab string) {
	t.Helper()
	owner := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDoomedOwner$", "-test.timeout=60s")
	owner.Env = append(os.Environ(), doomedVariable+"="+dir)
	owner.Stderr = os.Stderr
	stdin, err := owner.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	stdout, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(stdout); lab == "" && lines.Scan(); {
		lab, _ = strings.CutPrefix(lines.Text(), "lab ")
		if lab == lines.Text() {
			t.Logf("owner: %s", lab)
			lab = ""
		}
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait() // says that it was killed
	if lab == "" {
		t.Fatal("the owner brought no lab up")
	}
	return lab
}

func TestOnlyDeadOwnersOfThisPlaceAreOrphaned(t *testing.T) {
	dead := owner{PID: os.Getpid(), Start: "1"} // its number now belongs to us
	for _, c := range []struct {
		labels map[string]string
		want   bool
	}{
		{map[string]string{placeLabel: place(), ownerLabel: dead.label()}, true},
		{map[string]string{placeLabel: place(), ownerLabel: ourselves().label()}, false},
		{map[string]string{placeLabel: "elsewhere", ownerLabel: dead.label()}, false}, // its number means nothing here
		{map[string]string{placeLabel: place()}, false},                               // somebody else's label
		{map[string]string{placeLabel: place(), ownerLabel: "17"}, false},
	} {
		if got := orphaned(c.labels); got != c.want {
			t.Errorf("orphaned(%v) = %v, want %v", c.labels, got, c.want)
		}
	}
}
