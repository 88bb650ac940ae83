package containers

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/harnesstest/simproxy"
)

// dockerCommand runs the docker command, as the Makefile does.
func dockerCommand(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %q: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// buildTrackerImage builds the image of the tracker under a name of the test's own.
func buildTrackerImage(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("docker"); err != nil {
		realtest.Missing(t, err)
	}
	if _, err := connectDocker(t.Context()); err != nil {
		realtest.Missing(t, err)
	}
	dir := t.TempDir()
	program, err := os.ReadFile(trackerForTests(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "quota-tracker"), program, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "store"), 0o755); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("haproof/quota-tracker:test-%d", os.Getpid())
	dockerCommand(t, "build", "--quiet", "--tag", name, "--file", "image/quota-tracker/Dockerfile", dir)
	t.Cleanup(func() { dockerCommand(t, "rmi", "--force", name) })
	return name
}

// The container may write nowhere but to its volume, and has no rights at all.
func TestTheImageOfTheTrackerCountsAndKeepsItsStoreOnAVolume(t *testing.T) {
	name := buildTrackerImage(t)
	volume := dockerCommand(t, "volume", "create")
	t.Cleanup(func() { dockerCommand(t, "volume", "rm", volume) })
	confined := []string{"run", "--network", "host", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--volume", volume + ":/var/lib/quota-tracker"}
	host := fmt.Sprintf("127.80.9.%d", os.Getpid()%250+1)
	peers, api := host+":20001", host+":8405"
	id := dockerCommand(t, append(confined, "--detach", name, "-peers", peers, "-http", api, "-store", "counts.db")...)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(dockerCommand(t, "logs", id))
		}
		dockerCommand(t, "rm", "--force", id)
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := await(ctx, "healthz", func(ctx context.Context) error { return fetch(ctx, "http://"+api+"/healthz", "ok") }); err != nil {
		t.Fatal(err)
	}
	proxy := simproxy.New(simproxy.Config{Name: "hap1", Addrs: []string{peers}, Generation: "1", Redial: 50 * time.Millisecond})
	done := make(chan struct{})
	run, stop := context.WithCancel(ctx)
	go func() { defer close(done); proxy.Run(run) }()
	defer func() { stop(); <-done }()
	proxy.Inc("a", 7)
	if err := proxy.Idle(ctx); err != nil {
		t.Fatal(err)
	}
	if err := fetch(ctx, "http://"+api+"/v1/counts", `"a":7`); err != nil {
		t.Error(err)
	}
	dockerCommand(t, "stop", "--time", "60", id)
	if got := dockerCommand(t, "inspect", "--format", "{{.State.ExitCode}}", id); got != "0" {
		t.Errorf("stopped with exit code %s, want 0", got)
	}
	if got := dockerCommand(t, append(confined, "--rm", name, "verify", "-store", "counts.db")...); !strings.Contains(got, "counted 7,") {
		t.Errorf("verify of the volume: got %q, want counted 7", got)
	}
}

// fetch wants an answer with a text in it.
func fetch(ctx context.Context, url, want string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && !strings.Contains(string(body), want) {
		err = fmt.Errorf("%s: got %s %q, want %q in it", url, resp.Status, body, want)
	}
	return err
}
