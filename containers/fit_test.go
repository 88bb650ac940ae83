package containers

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haproof/haproof/harness"
)

func TestAllMissingProgramsAreNamedAtOnce(t *testing.T) {
	p, err := newPlan(labScenario(2, 3, 0), Options{path: t.TempDir()}, engineLocal)
	if err != nil {
		t.Fatal(err)
	}
	want := "not installed: bash, nginx, php-fpm, haproxy (install: apt-get install bash nginx-light php-fpm haproxy)"
	if err := p.fits(t.Context()); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestWhatAScenarioNamesIsNotForAptToInstall(t *testing.T) {
	sc := labScenario(1, 1, 1)
	for _, tier := range []string{harness.TierProxy, harness.TierTracker} {
		named := sc.Topology[tier]
		named.Binary = "./none"
		sc.Topology[tier] = named
	}
	here, err := filepath.Abs("none")
	if err != nil {
		t.Fatal(err)
	}
	for engine, reasons := range map[string][]string{
		engineLocal:  {"topology.proxy.binary: cannot run " + here, "topology.tracker.binary: cannot run " + here},
		engineDocker: {"topology.proxy.binary: " + here + " is no program", "topology.tracker.binary: cannot run " + here},
	} {
		p, err := newPlan(sc, Options{}, engine)
		if err != nil {
			t.Fatal(err)
		}
		err = p.fits(t.Context())
		for _, reason := range reasons {
			if err == nil || !strings.Contains(err.Error(), reason) {
				t.Errorf("%s: got %v, want %q in it", engine, err, reason)
			}
		}
		if err != nil && strings.Contains(err.Error(), "install haproxy") {
			t.Errorf("%s: got %v, which advises to install what is not asked for", engine, err)
		}
	}
}

func TestVersionWithoutAnImageNamesThoseThatHaveOne(t *testing.T) {
	for _, version := range []string{"9.9", installed} {
		p, err := newPlan(labScenario(2, 1, 0), Options{HAProxy: version}, engineDocker)
		if err != nil {
			t.Fatal(err)
		}
		var lacking *EnvironmentError
		err = p.fits(t.Context())
		if !errors.As(err, &lacking) || lacking.Mend != "the docker engine has 2.6, 3.0, 3.2, 3.4" || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want the known versions, once", version, err)
		}
	}
}
