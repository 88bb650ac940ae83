package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/haproof/haproof/harness"
)

const badScenario = `question: Bad?
topology:
  proxy:   {kind: haproxy, count: 0}
  backend: {kind: web, colour: red}
workload: {profile: mixed, rate: 5/m, duration: 1s, tls: 95%}
checks: [no-errors, quota-exakt]
trails: 3
`

func TestEveryMistakeOfAScenarioComesWithItsPlaceAndAdvice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(path, []byte(badScenario), 0o600); err != nil {
		t.Fatal(err)
	}
	got := haproof(t, "run", path)
	refused(t, got,
		path+":3:35: topology.proxy.count is 0, want 1 to 200", // impossible value
		path+`:4:24: unknown field "colour" in topology.backend`,
		path+`:5:34: workload.rate "5/m" is no rate`, "= want a rate such as 2000/s", // wrong unit
		path+`:5:58: workload.tls is "95%", want a number`, "= write 0.95",
		path+`:6:21: unknown check "quota-exakt"`, "= did you mean quota-exact?",
		path+`:7:1: unknown field "trails"`, "= did you mean trials?",
		"    4 |   backend: {kind: web, colour: red}\n", // excerpt
		"      |                        ^\n",
	)
	if n := strings.Count(got.stderr, path); n != 6 {
		t.Errorf("got %d problems, want 6:\n%s", n, got.stderr)
	}
}

func TestMissingProgramIsSaidBeforeAnythingStarts(t *testing.T) {
	cmd := exec.Command(filepath.Join(binDir, "haproof"), "run", "--engine", "process", "quota-exact")
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=" + t.TempDir(), "TMPDIR=" + t.TempDir()} // daemons may be found elsewhere, bash is not
	got := outcomeOf(t, cmd)
	refused(t, got, "quota-exact: not installed: ", "bash", "install: apt-get install ")
	if strings.Contains(got.stderr, "starting") {
		t.Errorf("got stderr %q, want nothing to be started", got.stderr)
	}
	if runs, err := filepath.Glob(filepath.Join(cmd.Dir, "out", "*")); err != nil || len(runs) > 0 {
		t.Errorf("got runs %v and %v, want none", runs, err)
	}
}

func TestDockerThatIsNotThereIsToldFromOneThatIsForbidden(t *testing.T) {
	dir, err := os.MkdirTemp("", "hp") // short, as paths of sockets are, and open to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	forbidden := filepath.Join(dir, "docker.sock")
	listener, err := net.Listen("unix", forbidden)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	for path, mode := range map[string]os.FileMode{forbidden: 0, dir: 0o777, binDir: 0o755} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	for socket, reasons := range map[string][]string{
		forbidden:                  {"no permission to use the Docker daemon at unix://" + forbidden, "group docker"},
		filepath.Join(dir, "none"): {"no Docker daemon runs at unix://", "process engine"},
	} {
		for _, args := range [][]string{{"images"}, {"run", "--engine", "docker", "--out", filepath.Join(dir, "out"), "quota-exact"}} {
			cmd := exec.Command(filepath.Join(binDir, "haproof"), args...)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "DOCKER_HOST=unix://"+socket)
			asOrdinaryUser(cmd)
			refused(t, outcomeOf(t, cmd), reasons...)
		}
	}
}

// asOrdinaryUser makes a command of root that of nobody, whom permissions bind.
func asOrdinaryUser(cmd *exec.Cmd) {
	const nobody = 65534
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
}

// oldRun is the directory of a run with a recorded trial and no result.
func oldRun(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	text, err := os.ReadFile(filepath.Join("..", "..", "fixtures", "records", "pass", harness.RecordFile))
	if err == nil {
		err = os.MkdirAll(filepath.Join(dir, "only", "1"), 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "only", "1", harness.RecordFile), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestResultOfANewerProgramIsNotOverwritten(t *testing.T) {
	dir := oldRun(t)
	if got := haproof(t, "check", dir); got.code != exitPass {
		t.Fatalf("got %+v, want the record to pass without a result", got)
	}
	path := filepath.Join(dir, "result.json")
	newer := `{"schema": 2, "verdict": "splendid"}`
	if err := os.WriteFile(path, []byte(newer), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"check", "report"} {
		refused(t, haproof(t, command, dir), path+": schema 2, but this haproof reads schema 1")
	}
	if text, err := os.ReadFile(path); string(text) != newer {
		t.Errorf("got %s and %v, want the newer result as it was", text, err)
	}
}

func TestBrokenRecordsAreRefusedWithTheirPlace(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(text []byte) []byte
		want  string
	}{
		"empty":     {func([]byte) []byte { return nil }, "line 1: record is truncated"},
		"truncated": {func(text []byte) []byte { return text[:len(text)-20] }, "record is truncated after "},
		"garbage":   {func(text []byte) []byte { return append([]byte("\x00\xff"), text...) }, "line 1: invalid character"},
		"newer": {func(text []byte) []byte {
			return []byte(strings.Replace(string(text), `"schema":1`, `"schema":7`, 1))
		}, "line 1: schema 7, this program reads schema 1"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := oldRun(t)
			path := filepath.Join(dir, "only", "1", harness.RecordFile)
			text, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(path, tc.spoil(text), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			refused(t, haproof(t, "check", dir), path+": ", tc.want)
		})
	}
}
