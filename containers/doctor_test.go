package containers

import (
	"strings"
	"testing"
)

func TestDoctorSaysHowToMendWhatIsMissing(t *testing.T) {
	missing := map[string]string{ // subject -> part of what mends it
		"haproxy": "install haproxy", "nginx": "install nginx-light", "php-fpm": "install php-fpm",
		"quota-tracker": "go build", "CPU limits": "root",
	}
	seen := map[string]bool{}
	for _, f := range diagnose(t.Context(), Options{path: t.TempDir(), cgroups: t.TempDir()}) {
		if seen[f.Subject] {
			t.Errorf("two facts on %s", f.Subject)
		}
		seen[f.Subject] = true
		mend, want := missing[f.Subject]
		if want && (f.State == StateOK || !strings.Contains(f.Mend, mend)) {
			t.Errorf("%+v: want it not ok, mended by %q", f, mend)
		}
		if f.Subject == "" || f.Detail == "" || (f.State == StateMissing && f.Mend == "") {
			t.Errorf("%+v says too little", f)
		}
	}
	for subject := range missing {
		if !seen[subject] {
			t.Errorf("no fact on %s", subject)
		}
	}
}
