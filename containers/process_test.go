package containers

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

func withCPUs(tier harness.Tier, cpus float64) harness.Tier {
	tier.CPUs = cpus
	return tier
}

// wantNothingLeft checks that a start that failed took everything down.
func wantNothingLeft(t *testing.T, opts Options) {
	t.Helper()
	if pids := processesIn(opts.WorkDir); len(pids) > 0 {
		t.Errorf("processes %v live", pids)
	}
	if left, _ := os.ReadDir(filepath.Join(opts.WorkDir, "labs")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestRefusedConfigurationIsReportedInHAProxysWords(t *testing.T) {
	opts := testOptions(t, engineLocal)
	extra := filepath.Join(opts.WorkDir, "extra.cfg")
	if err := os.WriteFile(extra, []byte("global\n    frobnicate 17\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sc := labScenario(1, 1, 0)
	sc.Topology[harness.TierProxy] = harness.Tier{Kind: "haproxy", Args: []string{"-f", extra}}
	began := time.Now()
	_, err := Start(t.Context(), sc, opts)
	var dead *NodeError
	if !errors.As(err, &dead) || dead.Failure.Node != "proxy1" || !strings.Contains(err.Error(), "unknown keyword 'frobnicate'") {
		t.Errorf("got %v, want HAProxy's own words on frobnicate", err)
	}
	if took := time.Since(began); took > startWithin/2 {
		t.Errorf("the refusal was noticed after %v only", took)
	}
	wantNothingLeft(t, opts)
}

func TestMissingProgramNamesItsPackage(t *testing.T) {
	opts := testOptions(t, engineLocal)
	opts.path = t.TempDir()
	_, err := Start(t.Context(), labScenario(1, 1, 0), opts)
	var lacking *EnvironmentError
	if !errors.As(err, &lacking) || !strings.Contains(lacking.Mend, "apt-get install ") {
		t.Errorf("got %v, want an EnvironmentError with the package to install", err)
	}
	wantNothingLeft(t, opts)
}

func TestMissingTrackerSaysHowToBuildIt(t *testing.T) {
	opts := testOptions(t, engineLocal)
	opts.TrackerBinary = filepath.Join(t.TempDir(), "none")
	_, err := Start(t.Context(), labScenario(1, 1, 1), opts)
	var lacking *EnvironmentError
	if !errors.As(err, &lacking) || !strings.Contains(lacking.Mend, "go build") {
		t.Errorf("got %v, want an EnvironmentError that says how to build it", err)
	}
	wantNothingLeft(t, opts)
}

func TestOtherVersionThanInstalledIsRefused(t *testing.T) {
	opts := testOptions(t, engineLocal)
	opts.HAProxy = "1.4"
	_, err := Start(t.Context(), labScenario(1, 1, 0), opts)
	var lacking *EnvironmentError
	if !errors.As(err, &lacking) || !strings.Contains(lacking.What, "wants HAProxy 1.4, but") {
		t.Errorf("got %v, want a refusal that names both versions", err)
	}
}

func TestBusyPortIsNamedWithWhoHoldsIt(t *testing.T) {
	e := newProcessEngine(Options{WorkDir: realtest.ShortDir(t)})
	sites, err := e.reserve(t.Context(), "busy", []string{"backend1"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.release(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	at := net.JoinHostPort(sites["backend1"].Address, "8080")
	listener, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, err = e.start(t.Context(), nodeSpec{Name: "backend1", Site: sites["backend1"], Command: []string{"true"}, Ports: []int{8080}})
	var busy *EnvironmentError
	if !errors.As(err, &busy) || !strings.Contains(busy.What, at) || !strings.Contains(busy.Mend, "containers.test (pid ") {
		t.Errorf("got %v, want an EnvironmentError that names %s and this process", err, at)
	}
}

func TestCancelledStartLeavesNothing(t *testing.T) {
	opts := testOptions(t, engineLocal)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := Start(ctx, scenarioThatNeverComesUp(t, opts), opts)
		done <- err
	}()
	err := await(timeLimit(t, patience), "nodes", func(context.Context) error {
		if len(processesIn(filepath.Join(opts.WorkDir, "labs"))) == 0 {
			return errors.New("none yet")
		}
		return nil
	})
	cancel()
	if err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the cancellation", err)
	}
	wantNothingLeft(t, opts)
}

func TestDirectoryOfSomebodyElseIsRefused(t *testing.T) {
	for why, make := range map[string]func(path string) error{
		"a link": func(path string) error { return os.Symlink(t.TempDir(), path) },
		"another user's": func(path string) error {
			if os.Getuid() != 0 {
				return os.Symlink("/", path) // only root can give a directory away
			}
			return errors.Join(os.Mkdir(path, 0o777), os.Chown(path, 65534, 65534))
		},
	} {
		workDir := filepath.Join(realtest.ShortDir(t), "w")
		if err := make(workDir); err != nil {
			t.Fatal(err)
		}
		var refused *EnvironmentError
		if _, err := newLabDir(workDir, "lab", ""); !errors.As(err, &refused) {
			t.Errorf("%s: got %v, want a refusal", why, err)
		}
	}
}

// scenarioThatNeverComesUp has a tracker that runs but does not answer.
func scenarioThatNeverComesUp(t *testing.T, opts Options) harness.Scenario {
	t.Helper()
	silent := filepath.Join(opts.WorkDir, "silent")
	if err := os.WriteFile(silent, []byte("#!/bin/sh\nexec sleep 60\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	sc := labScenario(0, 1, 1)
	sc.Topology[harness.TierTracker] = harness.Tier{Kind: "quota-tracker", Binary: silent}
	return sc
}

// A busy machine may need more time for the web node than a deadline leaves it.
func TestDeadlineSaysWhatWasMissing(t *testing.T) {
	opts := testOptions(t, engineLocal)
	sc := scenarioThatNeverComesUp(t, opts)
	for limit := 2 * time.Second; ; limit *= 2 {
		_, err := Start(timeLimit(t, limit), sc, opts)
		wantNothingLeft(t, opts)
		if err != nil && strings.Contains(err.Error(), "backend1") {
			if limit < startWithin/2 {
				continue
			}
			t.Errorf("got %v, which blames the web node too, after %v", err, limit)
		}
		if err == nil || !strings.Contains(err.Error(), "tracker1: ready: ") || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("got %v, want it to name the tracker and its refusal", err)
		}
		return
	}
}

func TestWithoutCgroupsCPUIsSummedAndTheLimitDenied(t *testing.T) {
	opts := testOptions(t, engineLocal)
	opts.cgroups = filepath.Join(t.TempDir(), "none")
	sc := labScenario(0, 1, 0)
	sc.Topology[harness.TierBackend] = withCPUs(sc.Topology[harness.TierBackend], 0.1)
	l := startLab(t, sc, opts)
	ask(t, l.Endpoints(harness.RouteDirect)[0], false, "GET", "direct.invalid", "/?work=100000", "")
	usage, err := l.Usage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if u := usage[0]; u.CPU < 90*time.Millisecond || !strings.Contains(u.Unknown, "no CPU controller") {
		t.Errorf("usage %+v, want the work's CPU time and why no more is known", u)
	}
	if l.Nodes()[0].Limited {
		t.Error("claims a limit that nothing enforces")
	}
}

func TestProgramThatIgnoresTheStopIsKilledWithItsChildren(t *testing.T) {
	dir := realtest.ShortDir(t)
	e := newProcessEngine(Options{WorkDir: dir})
	sites, err := e.reserve(t.Context(), "stubborn", []string{"n1"})
	if err != nil {
		t.Fatal(err)
	}
	script := `trap '' TERM; setsid sh -c "trap '' TERM; while :; do sleep 1; done" & echo ready; while :; do sleep 1; done`
	p, err := e.start(t.Context(), nodeSpec{
		Name: "n1", Site: sites["n1"], Command: []string{"/bin/sh", "-c", script}, Stop: 100 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	err = await(t.Context(), "script", func(ctx context.Context) error {
		if len(p.logTail(ctx, 1)) == 0 || len(processesIn(dir)) < 3 {
			return errors.New("not running yet")
		}
		return nil
	})
	if err := errors.Join(err, p.stop(t.Context())); err != nil {
		t.Fatal(err)
	}
	if pids := processesIn(dir); len(pids) > 0 {
		t.Errorf("processes %v live", pids)
	}
	if err := e.release(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestLabsSideBySideDoNotMeet(t *testing.T) {
	opts := testOptions(t, engineLocal)
	first, second := startLab(t, labScenario(0, 1, 0), opts), startLab(t, labScenario(0, 1, 0), opts)
	a, b := first.Endpoints(harness.RouteDirect)[0].HTTP, second.Endpoints(harness.RouteDirect)[0].HTTP
	if a == b {
		t.Errorf("both labs live at %s", a)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	ask(t, second.Endpoints(harness.RouteDirect)[0], false, "GET", "direct.invalid", "/pixel.gif", "")
}
