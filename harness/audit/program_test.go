package audit

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// script is a program that stands in for HAProxy.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "haproxy")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestProgramSaysItsVersionAndFeatures(t *testing.T) {
	path := script(t, `echo "HAProxy version 3.2.9-1 2026/10/14 - https://haproxy.org/"; echo; echo "Feature list : -51DEGREES +OPENSSL"`)
	got, err := AskProgram(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	want := &Program{Path: path, Version: Version{3, 2, 9, 0}, Features: map[string]bool{"51DEGREES": false, "OPENSSL": true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOtherProgramsAreRefused(t *testing.T) {
	for _, text := range []string{"echo hello", "exit 1", `echo "HAProxy version new"`} {
		if p, err := AskProgram(t.Context(), script(t, text)); err == nil {
			t.Errorf("%s: got %+v, want an error", text, p)
		}
	}
}

const complaining = `cat >&2 <<'END'
[NOTICE]   (1432) : haproxy version is 2.6.12
[NOTICE]   (1432) : path to executable is /usr/sbin/haproxy
[WARNING]  (1432) : config : parsing [a.cfg:7] : a 'http-request' rule placed after a 'use_backend' rule will still be processed before.
[ALERT]    (1432) : config : parsing [b.cfg:12] : 'bind 1.2.3.4:1' : unable to stat SSL certificate
  from file '/etc/x.pem' : No such file or directory.
[ALERT]    (1432) : config : [b.cfg:9] proxy 'app': unable to find table 'x'.
[WARNING]  (1432) : config : missing timeouts for frontend 'web'.
   | While not properly invalid, you will certainly encounter problems
[ALERT]    (1432) : config : Error(s) found in configuration file : a.cfg
[ALERT]    (1432) : config : Fatal errors found in configuration.
END
exit 1
`

func TestComplaintsOfHAProxyBecomeFindings(t *testing.T) {
	p := &Program{Path: script(t, complaining)}
	found, err := p.Check(t.Context(), []string{"a.cfg", "b.cfg"}, "")
	if err != nil {
		t.Fatal(err)
	}
	want := `a.cfg:7: warning: a 'http-request' rule placed after a 'use_backend' rule will still be processed before. [haproxy-warning]
b.cfg:12: error: 'bind 1.2.3.4:1' : unable to stat SSL certificate from file '/etc/x.pem' : No such file or directory. [haproxy-alert]
b.cfg:9: error: proxy 'app': unable to find table 'x'. [haproxy-alert]
:0: warning: missing timeouts for frontend 'web'. | While not properly invalid, you will certainly encounter problems [haproxy-warning]
`
	if diff := cmp.Diff(want, rendered(found)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFilesAndNameArePassedOn(t *testing.T) {
	p := &Program{Path: script(t, `echo "[ALERT] (1) : $*"; exit 1`)}
	found, err := p.Check(t.Context(), []string{"a b.cfg", "c"}, "hap1")
	if err != nil || len(found) != 1 || found[0].What != "-c -f a b.cfg -f c -L hap1" {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestASilentRefusalIsAnError(t *testing.T) {
	p := &Program{Path: script(t, "exit 7")}
	if found, err := p.Check(t.Context(), []string{"a.cfg"}, ""); err == nil {
		t.Errorf("got %+v, want an error", found)
	}
}

func TestWhatProgramsSayIsBounded(t *testing.T) {
	p := &Program{Path: script(t, `head -c 10000000 /dev/zero | tr '\0' x; i=0; while [ $i -lt 300 ]; do echo "[ALERT] (1) : config : wrong"; i=$((i+1)); done; exit 1`)}
	if found, err := p.Check(t.Context(), []string{"a.cfg"}, ""); err == nil || len(found) > 0 {
		t.Errorf("%d findings after 10 MB of noise, %v", len(found), err)
	}
	output, err := run(t.Context(), p.Path)
	if len(output) != programOutput || err == nil {
		t.Errorf("%d bytes, %v", len(output), err)
	}
	alerts := &Program{Path: script(t, `i=0; while [ $i -lt 300 ]; do echo "[ALERT] (1) : config : wrong"; i=$((i+1)); done; exit 1`)}
	if found, err := alerts.Check(t.Context(), []string{"a.cfg"}, ""); err != nil || len(found) != programAlerts {
		t.Errorf("%d findings, %v; want %d", len(found), err, programAlerts)
	}
}

func TestAProgramThatHangsIsEnded(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := AskProgram(ctx, script(t, "exec sleep 60")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want that its time was over", err)
	}
}

// The configurations that are documented pass HAProxy itself, and one with a
// mistake does not.
func TestInstalledHAProxyIsAsked(t *testing.T) {
	p, err := AskProgram(t.Context(), realtest.NeedHAProxy(t))
	if err != nil {
		t.Fatal(err)
	}
	if p.Version.Major < 2 || !p.Features["OPENSSL"] {
		t.Errorf("%+v: want a version from 2 on, with OpenSSL", p)
	}
	good, err := p.Check(t.Context(), []string{"../../docs/tracker/haproxy-drain.cfg"}, "")
	if err != nil || len(good) > 0 {
		t.Errorf("%s%v", rendered(good), err)
	}
	bad := filepath.Join(t.TempDir(), "bad.cfg")
	write(t, bad, "global\n    localpeer hap1\n    nonsense\n")
	found, err := p.Check(t.Context(), []string{bad}, "")
	if err != nil || len(found) == 0 || found[0].Line != 3 || found[0].File != bad || found[0].Severity != Error {
		t.Errorf("%s%v", rendered(found), err)
	}
}
