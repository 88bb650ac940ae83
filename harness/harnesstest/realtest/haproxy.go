package realtest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// NeedHAProxy returns the path of the installed HAProxy. Without one the test is
// skipped, but in CI it fails.
func NeedHAProxy(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("haproxy")
	if err != nil {
		Missing(t, err)
	}
	return path
}

// StartHAProxy runs the installed HAProxy with this configuration until the test ends,
// as the peer hap1, and returns its master, whose command line is at the unix socket
// master. A failed test shows what it said.
func StartHAProxy(t testing.TB, config, master string) *os.Process {
	t.Helper()
	file := filepath.Join(ShortDir(t), "haproxy.cfg")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.Command(NeedHAProxy(t), "-W", "-db", "-S", master, "-L", "hap1", "-f", file)
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		kill := time.AfterFunc(Patience, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("HAProxy said: %s", log.String())
		}
	})
	return cmd.Process
}
