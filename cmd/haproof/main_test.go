package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// binDir holds the programs under test, built once.
var binDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "haproof-test-")
	if err == nil {
		binDir = dir
		var output []byte
		if output, err = exec.Command("go", "build", "-ldflags", "-X main.version=test", "-o", dir+"/", ".", "../quota-tracker", "../../harness/harnesstest/lyingtracker").CombinedOutput(); err != nil {
			err = fmt.Errorf("%w\n%s", err, output)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// outcome is how a run of the program ended.
type outcome struct {
	code           int
	stdout, stderr string
}

// haproof runs the program in an empty directory.
func haproof(t *testing.T, args ...string) outcome {
	t.Helper()
	cmd := exec.Command(filepath.Join(binDir, "haproof"), args...)
	cmd.Dir = t.TempDir()
	return outcomeOf(t, cmd)
}

func outcomeOf(t *testing.T, cmd *exec.Cmd) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// refused demands that a command line cannot be run: code 3, the reason on
// stderr, nothing on stdout.
func refused(t *testing.T, got outcome, reasons ...string) {
	t.Helper()
	if got.code != exitCannot || got.stdout != "" {
		t.Errorf("got exit code %d and stdout %q, want 3 and nothing", got.code, got.stdout)
	}
	for _, reason := range reasons {
		if !strings.Contains(got.stderr, reason) {
			t.Errorf("got stderr %q, want %q in it", got.stderr, reason)
		}
	}
}

func TestListNamesEveryScenarioWithItsQuestion(t *testing.T) {
	got := haproof(t, "list")
	if got.code != exitPass || got.stderr != "" {
		t.Fatalf("got %+v, want exit code 0 and no complaint", got)
	}
	for _, want := range []string{
		"quota-exact             1      1       Is every customer charged exactly as often as PHP answered?",
		"throughput-by-backends  8      3       How does throughput grow",
		"ads", "dynamic",
	} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("got:\n%s\nwant %q in it", got.stdout, want)
		}
	}
	if lines := strings.Count(got.stdout, "\n"); lines != 1+len(shippedIn(".")) {
		t.Errorf("got %d lines, want a head and %d scenarios", lines, len(shippedIn(".")))
	}
}

func TestHelpShowsExitCodes(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"run", "--help"}, {}} {
		got := haproof(t, args...)
		if got.code != exitPass || got.stderr != "" || !strings.Contains(got.stdout, exitCodes) {
			t.Errorf("haproof %v: got %+v, want the exit codes on stdout", args, got)
		}
	}
}

func TestHelpOfEveryCommandIsOnStdout(t *testing.T) {
	for _, name := range []string{"list", "run", "check", "report", "images", "doctor", "clean", "version", "completion"} {
		got := haproof(t, name, "--help")
		if got.code != exitPass || got.stderr != "" || !strings.Contains(got.stdout, "haproof "+name) {
			t.Errorf("haproof %s --help: got %+v", name, got)
		}
	}
}

func TestCompletionIsAScript(t *testing.T) {
	got := haproof(t, "completion", "bash")
	if got.code != exitPass || got.stderr != "" || !strings.HasPrefix(got.stdout, "# bash completion") {
		t.Errorf("got code %d, stderr %q, stdout %.60q", got.code, got.stderr, got.stdout)
	}
	cmd := exec.Command("bash", "-n")
	cmd.Stdin = strings.NewReader(got.stdout)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("bash does not take it: %v\n%s", err, output)
	}
}

func TestVersionIsTheLinkers(t *testing.T) {
	if got := haproof(t, "version"); got.code != exitPass || !strings.HasPrefix(got.stdout, "haproof test go1.") {
		t.Errorf("got %+v", got)
	}
}

func TestWhatCannotBeRunExits3(t *testing.T) {
	for _, tc := range []struct {
		name    string
		args    []string
		reasons []string
	}{
		{"unknown command", []string{"rnu"}, []string{`unknown command "rnu"`}},
		{"unknown flag", []string{"run", "--speed", "ads"}, []string{"unknown flag: --speed"}},
		{"no scenario", []string{"run"}, []string{"requires at least 1 arg"}},
		{"unknown scenario", []string{"run", "quota-exakt"}, []string{`unknown scenario "quota-exakt": did you mean quota-exact?`}},
		{"unknown scenarios", []string{"run", "quota-exakt", "adds"}, []string{"quota-exact?", "did you mean ads?"}}, // both at once
		{"no such file", []string{"run", "./nothing.yaml"}, []string{"./nothing.yaml", "no such file"}},
		{"a directory", []string{"run", "./"}, []string{"is a directory"}},
		{"no value", []string{"run", "--set", "workload.rate", "ads"}, []string{"--set workload.rate: want path=value"}},
		{"bad setting", []string{"run", "--set", "workload.rate=5", "ads"}, []string{`--set workload.rate=5: workload.rate "5" has no unit`, "write 5/s"}},
		{"unknown tier", []string{"run", "--set", "topology.bakend.count=5", "ads"}, []string{`no tier "bakend"`, "did you mean backend?"}},
		{"bad trials", []string{"run", "--trials", "-1", "ads"}, []string{"--trials -1: want 1 or more"}},
		{"no trials", []string{"run", "--trials", "0", "ads"}, []string{"--trials 0: want 1 or more"}},
		{"scenario of haproof as a file", []string{"run", "ads.yaml"}, []string{"no such file", "is called ads"}},
		{"kind of another tier", []string{"run", "--set", "topology.proxy.kind=web", "ads"}, []string{"ads: tier proxy: kind web makes up the tier named backend"}},
		{"no such binary", []string{"run", "--set", "topology.tracker.binary=./none", "quota-exact"}, []string{"topology.tracker.binary: cannot run ", "/none"}},
		{"unknown engine", []string{"run", "--engine", "podman", "ads"}, []string{`unknown engine "podman"`}},
		{"unknown log", []string{"list", "--log", "xml"}, []string{`unknown log format "xml"`}},
		{"no run", []string{"check", "."}, []string{".: no records there"}},
		{"no result", []string{"report", "."}, []string{".: no result.json there"}},
		{"nothing to check", []string{"check", "none"}, []string{"none: no such file or directory"}},
		{"a file to report", []string{"report", "/etc/passwd"}, []string{"/etc/passwd: no directory"}},
	} {
		t.Run(tc.name, func(t *testing.T) { refused(t, haproof(t, tc.args...), tc.reasons...) })
	}
}

func TestProblemsOfAllFilesComeAtOnce(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for name, text := range map[string]string{
		"one.yaml": "question: One?\ntopology: {proxy: {kind: haprox}}\nworkload: {rate: 5/s, duration: 1s}\nchecks: [no-errors]\n",
		"two.yaml": "question: Two?\ntopology: {proxy: {kind: haproxy}}\nworkload: {rate: 5, duration: 1s}\nchecks: [no-eror]\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	out := filepath.Join(dir, "out")
	refused(t, haproof(t, append([]string{"run", "--out", out}, files...)...),
		`one.yaml:2:26: unknown kind "haprox"`, "did you mean haproxy?",
		`two.yaml:3:18: workload.rate "5" has no unit`, `two.yaml:4:10: unknown check "no-eror"`)
	if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want no directory for a run that cannot be", err)
	}
}

func TestUnwritableOutIsSaidBeforeAnythingStarts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	got := haproof(t, "run", "--out", filepath.Join(file, "out"), "ads")
	refused(t, got, "cannot write to --out "+filepath.Join(file, "out"))
	if strings.Contains(got.stderr, "engine") {
		t.Errorf("got stderr %q, want no engine to be chosen yet", got.stderr)
	}
}

func TestDoctorAnswersInJSON(t *testing.T) {
	got := haproof(t, "doctor", "--json")
	var facts []struct{ Subject, State, Detail, Mend string }
	if err := json.Unmarshal([]byte(got.stdout), &facts); err != nil || !strings.Contains(got.stdout, `"subject": "haproxy"`) {
		t.Errorf("got %+v and %v, want a list of facts", got, err)
	}
	if got.code != exitPass && got.code != exitCannot {
		t.Errorf("got exit code %d, want 0 or 3", got.code)
	}
}
