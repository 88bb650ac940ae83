package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/runtimeapi"
	"github.com/haproof/haproof/reports"
)

// needLab skips where the process engine has nothing to run, except in CI, where
// that would hide everything below.
func needLab(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts servers")
	}
	for _, program := range []string{"haproxy", "nginx", "php-fpm*"} {
		if installedHere(program) {
			continue
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed", program)
		}
		t.Skipf("%s is not installed", program)
	}
}

func installedHere(program string) bool {
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/usr/local/sbin") {
		if found, _ := filepath.Glob(filepath.Join(dir, program)); len(found) > 0 {
			return true
		}
	}
	return false
}

// stage is where the program runs with a lab: its own temporary directory, so
// that no other run's lab is seen or touched.
type stage struct {
	t      *testing.T
	engine string
	tmp    string
	out    string
}

// onEachEngine runs a test on both engines.
func onEachEngine(t *testing.T, test func(t *testing.T, s *stage)) {
	t.Helper()
	for _, engine := range []string{"process", "docker"} {
		t.Run(engine, func(t *testing.T) { test(t, newStageOn(t, engine)) })
	}
}

// newStageOn skips where the engine has nothing to run, except in CI.
func newStageOn(t *testing.T, engine string) *stage {
	t.Helper()
	if engine != "docker" {
		return newStage(t)
	}
	if testing.Short() {
		t.Skip("starts servers")
	}
	if got := haproof(t, "images"); got.code != exitPass {
		if os.Getenv("CI") == "true" {
			t.Fatal(got.stderr)
		}
		t.Skip(got.stderr)
	}
	s := makeStage(t)
	s.engine = engine
	t.Cleanup(func() { s.start("clean").ends(60*time.Second, exitPass) }) // what a failed test left
	return s
}

// newStage is one for the process engine.
func newStage(t *testing.T) *stage {
	t.Helper()
	needLab(t)
	return makeStage(t)
}

// makeStage makes this process the parent of whatever the program leaves behind
// (PR_SET_CHILD_SUBREAPER), so that nothing can hide.
func makeStage(t *testing.T) *stage {
	t.Helper()
	const setChildSubreaper = 36
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, setChildSubreaper, 1, 0); errno != 0 {
		t.Fatal(errno)
	}
	tmp, err := os.MkdirTemp("", "hp") // short: paths of Unix sockets have 108 bytes
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, engine: "process", tmp: tmp, out: filepath.Join(t.TempDir(), "out")}
	t.Cleanup(func() {
		if err := os.RemoveAll(tmp); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(killAll)
	return s
}

// killAll ends what a failed test left, generation by generation.
func killAll() {
	deadline := time.Now().Add(10 * time.Second)
	for left := children(); len(left) > 0 && time.Now().Before(deadline); left = children() {
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		wait(10 * time.Millisecond)
	}
}

func (s *stage) scenario(workload string) string {
	s.t.Helper()
	return s.file("short.yaml", "question: Does a short run end as it should?\n"+
		"topology: {proxy: {kind: haproxy}, backend: {kind: web}, tracker: {kind: quota-tracker}}\n"+
		"workload: {profile: mixed, customers: 3, "+workload+"}\n"+
		"checks: [no-errors, nodes-alive, exactly-once, quota-exact]\n")
}

// file writes a file of the test and returns its path.
func (s *stage) file(name, text string) string {
	s.t.Helper()
	path := filepath.Join(s.tmp, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// running is the program under way.
type running struct {
	*stage
	cmd    *exec.Cmd
	stdout bytes.Buffer
	stderr watched
	ended  chan struct{}
}

func (s *stage) start(args ...string) *running {
	s.t.Helper()
	r := &running{stage: s, cmd: exec.Command(filepath.Join(binDir, "haproof"), args...), ended: make(chan struct{})}
	r.cmd.Env = append(os.Environ(), "TMPDIR="+s.tmp)
	r.cmd.Stdout, r.cmd.Stderr = &r.stdout, &r.stderr
	if err := r.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		defer close(r.ended)
		_ = r.cmd.Wait() // its exit code is looked at by ends
	}()
	return r
}

func (s *stage) run(scenario string, more ...string) *running {
	s.t.Helper()
	return s.start(append([]string{"run", "--engine", s.engine, "--out", s.out, scenario}, more...)...)
}

// until waits for a text on stderr.
func (r *running) until(text string) {
	r.t.Helper()
	r.t.Log("waiting for", text)
	if err := r.stderr.until(text, 60*time.Second, r.ended); err != nil {
		r.t.Fatal(err)
	}
}

func (r *running) signal(s syscall.Signal) {
	r.t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		r.t.Fatal(err)
	}
}

// ends waits for the program's end and demands an exit code; -1 is a kill.
func (r *running) ends(within time.Duration, want int) {
	r.t.Helper()
	const busy = 3 // times as long may a machine take that is short of time
	select {
	case <-r.ended:
	case <-time.After(busy * within):
		_ = r.cmd.Process.Kill()
		r.t.Fatalf("still running after %v; stderr:\n%s", busy*within, r.stderr.String())
	}
	if got := r.cmd.ProcessState.ExitCode(); got != want {
		r.t.Fatalf("got exit code %d, want %d; stderr:\n%s\nstdout:\n%s", got, want, r.stderr.String(), r.stdout.String())
	}
}

// nothingLeft demands that no process of the run is alive and that no lab has
// files, containers or networks.
func (s *stage) nothingLeft() {
	s.t.Helper()
	if labs := s.labs(); len(labs) > 0 {
		s.t.Errorf("labs %v are left", labs)
	}
	if s.engine == "docker" {
		if left := s.inDocker(); len(left) > 0 {
			s.t.Errorf("containers and networks %v are left", left)
		}
	}
	deadline := time.Now().Add(5 * time.Second)
	for left := children(); len(left) > 0; left = children() {
		if time.Now().After(deadline) {
			s.t.Fatalf("still running: %s", commands(left))
		}
		wait(10 * time.Millisecond)
	}
}

// labs names the labs that have a directory.
func (s *stage) labs() []string {
	s.t.Helper()
	dirs, err := filepath.Glob(filepath.Join(s.tmp, "haproof-*", "labs", "*"))
	if err != nil {
		s.t.Fatal(err)
	}
	for i, dir := range dirs {
		dirs[i] = filepath.Base(dir)
	}
	return dirs
}

// inDocker names the containers and networks of this stage's labs, by the label
// that tells a lab's directory.
func (s *stage) inDocker() []string {
	s.t.Helper()
	const format = `{{.ID}} {{.Label "haproof.dir"}}`
	var owned []string
	for _, list := range [][]string{{"ps", "--all"}, {"network", "ls"}} {
		args := append(list, "--filter", "label=haproof.dir", "--format", format)
		output, err := exec.Command("docker", args...).Output()
		if err != nil {
			s.t.Fatalf("docker %v: %v", args, err)
		}
		for line := range strings.Lines(string(output)) {
			if id, dir, _ := strings.Cut(strings.TrimSpace(line), " "); strings.HasPrefix(dir, s.tmp+"/") {
				owned = append(owned, id)
			}
		}
	}
	return owned
}

// wait lets time pass between two looks at something that cannot be awaited.
func wait(d time.Duration) { <-time.After(d) }

// children reaps what has ended and returns the children that are alive.
func children() []int {
	for {
		if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
			break
		}
	}
	files, _ := filepath.Glob("/proc/self/task/*/children")
	var pids []int
	for _, file := range files {
		text, _ := os.ReadFile(file)
		for _, word := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(word); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

func commands(pids []int) string {
	var lines []string
	for _, pid := range pids {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		lines = append(lines, fmt.Sprintf("%d %s", pid, strings.ReplaceAll(string(line), "\x00", " ")))
	}
	return strings.Join(lines, "; ")
}

// result reads the result of the newest run.
func (s *stage) result() *harness.Result {
	s.t.Helper()
	result, err := reports.Load(filepath.Join(s.out, latest, "result.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	return result
}

// record reads the only record of the newest run.
func (s *stage) record() *harness.Record {
	s.t.Helper()
	found, err := filepath.Glob(filepath.Join(s.out, "2*", "*", "*", harness.RecordFile))
	if err != nil || len(found) != 1 {
		s.t.Fatalf("got records %v and %v, want one", found, err)
	}
	rec, err := harness.ReadRecord(filepath.Dir(found[0]))
	if err != nil {
		s.t.Fatal(err)
	}
	return rec
}

// watched is a buffer whose growth can be awaited.
type watched struct {
	mu     sync.Mutex
	text   bytes.Buffer
	change chan struct{}
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.change != nil {
		close(w.change)
		w.change = nil
	}
	return w.text.Write(b)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

var errNotSaid = errors.New("not said in time")

func (w *watched) until(text string, within time.Duration, ended <-chan struct{}) error {
	deadline := time.After(within)
	for {
		w.mu.Lock()
		said := w.text.String()
		if w.change == nil {
			w.change = make(chan struct{})
		}
		change := w.change
		w.mu.Unlock()
		if strings.Contains(said, text) {
			return nil
		}
		select {
		case <-change:
		case <-ended:
			return fmt.Errorf("%q: %w: the program has ended; stderr:\n%s", text, errNotSaid, w.String())
		case <-deadline:
			return fmt.Errorf("%q: %w; stderr:\n%s", text, errNotSaid, said)
		}
	}
}

// untilServed waits until an origin of the run has logged an attempt.
func (r *running) untilServed() {
	r.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); wait(10 * time.Millisecond) {
		logs, _ := filepath.Glob(filepath.Join(r.tmp, "haproof-*", "labs", "*", "*", "origin.log"))
		for _, log := range logs {
			if info, err := os.Stat(log); err == nil && info.Size() > 0 {
				return
			}
		}
	}
	r.t.Fatalf("no attempt was served; stderr:\n%s", r.stderr.String())
}

var runtimeAddress = regexp.MustCompile(`stats socket ipv4@(\S+)`)

// untilUnderWay waits until so many clients of the run have a session with its proxy.
func (r *running) untilUnderWay(sessions int) {
	r.t.Helper()
	var missing error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); wait(10 * time.Millisecond) {
		var open int
		if open, missing = r.sessions(); missing == nil && open >= sessions {
			return
		}
		missing = errors.Join(missing, fmt.Errorf("%d sessions", open))
	}
	r.t.Fatalf("not %d sessions: %v; stderr:\n%s", sessions, missing, r.stderr.String())
}

// sessions asks the only proxy how many sessions its clients have.
func (s *stage) sessions() (int, error) {
	configs, err := filepath.Glob(filepath.Join(s.tmp, "haproof-*", "labs", "*", "proxy1", "haproxy.cfg"))
	if err != nil {
		return 0, err
	}
	if len(configs) != 1 {
		return 0, fmt.Errorf("got configurations %v, want one", configs)
	}
	text, err := os.ReadFile(configs[0])
	if err != nil {
		return 0, err
	}
	at := runtimeAddress.FindSubmatch(text)
	if at == nil {
		return 0, errors.New("no address of the Runtime API")
	}
	rows, err := runtimeapi.New(string(at[1])).ShowStat(s.t.Context())
	for _, row := range rows {
		if row["pxname"] == "traffic" && row["svname"] == "FRONTEND" {
			return strconv.Atoi(row["scur"])
		}
	}
	return 0, errors.Join(err, errors.New("no frontend traffic"))
}

// partialRecord demands the record of a run of 6000 attempts that was told to
// stop soon after its first.
func (s *stage) partialRecord() {
	s.t.Helper()
	rec := s.record()
	if !rec.Interrupted || len(rec.Attempts) == 0 || len(rec.Attempts) > 3000 {
		s.t.Errorf("got interrupted %v with %d attempts, want some of 6000", rec.Interrupted, len(rec.Attempts))
	}
}
