package containers

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// installOn runs install.sh on a pretended machine: only the given commands are
// there, each with its shell script.
func installOn(t *testing.T, mode string, commands map[string]string) (code int, said string) {
	t.Helper()
	path := t.TempDir()
	for name, script := range commands {
		if err := os.WriteFile(filepath.Join(path, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, real := range []string{"head", "timeout"} {
		program, err := exec.LookPath(real)
		if err == nil {
			err = os.Symlink(program, filepath.Join(path, real))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("/bin/sh", "install.sh", mode)
	cmd.Env = []string{"PATH=" + path}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), output.String()
}

func TestOrdinaryUserIsToldTheCommandThatInstalls(t *testing.T) {
	const (
		user  = "echo 1000"
		empty = "exit 0" // of find: no daemon anywhere
		works = "exit 0"
		apt   = "echo apt-get was run; exit 1"
	)
	dockerWith := func(answers string) string {
		return `case "$1" in ` + answers + ` version) exit 0 ;; *) exit 1 ;; esac`
	}
	sudo := func(packages string) string {
		return "  sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends " + packages + "'\n"
	}
	for _, tc := range []struct {
		why, mode string
		commands  map[string]string
		code      int
		says      string // nothing else than this, or part of it
	}{
		{"nothing there", "demo", map[string]string{"id": user, "find": empty, "apt-get": apt}, 3, sudo("haproxy nginx-light php-fpm")},
		{"one is missing", "demo", map[string]string{"id": user, "find": empty, "apt-get": apt, "haproxy": works, "php-fpm": works}, 3, sudo("nginx-light")},
		{"all there", "demo", map[string]string{"id": user, "find": empty, "nginx": works, "haproxy": works, "php-fpm": works}, 0, ""},
		{"daemons beside PATH", "demo", map[string]string{"id": user, "find": "echo /usr/sbin/x"}, 0, ""},
		{"no Debian", "demo", map[string]string{"id": user, "find": empty}, 3, "missing: haproxy nginx-light php-fpm. This is no Debian-like machine"},
		{"Docker without images or registry", "demo", map[string]string{"id": user, "find": empty, "apt-get": apt, "docker": dockerWith("")}, 3, sudo("mmdebstrap")},
		{"Docker with images", "demo", map[string]string{"id": user, "find": empty, "docker": dockerWith("images) echo 0876fe51f7ed ;;")}, 0, ""},
		{"Docker with a registry", "demo", map[string]string{"id": user, "find": empty, "docker": dockerWith("pull) ;;")}, 0, ""},
		{"tests want both engines", "test", map[string]string{"id": user, "find": empty, "apt-get": apt, "docker": dockerWith("")}, 3, sudo("haproxy nginx-light php-fpm mmdebstrap postgresql chromium openssl curl sqlite3")},
		{"tests without Docker", "test", map[string]string{"id": user, "find": empty, "apt-get": apt}, 3, sudo("haproxy nginx-light php-fpm postgresql chromium openssl curl sqlite3")},
		{"tests with all there", "test", map[string]string{"id": user, "find": "echo /usr/sbin/x", "apt-get": apt, "openssl": works, "curl": works, "sqlite3": works}, 0, ""},
		{"no mode", "", map[string]string{}, 3, "usage: install.sh demo|test"},
	} {
		code, said := installOn(t, tc.mode, tc.commands)
		if code != tc.code || !strings.Contains(said, tc.says) || (tc.says == "" && said != "") || strings.Contains(said, "apt-get was run") {
			t.Errorf("%s: got code %d and %q, want %d and %q", tc.why, code, said, tc.code, tc.says)
		}
	}
}
