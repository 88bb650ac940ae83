package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

const (
	patience = 2 * time.Minute
	fixtures = "../../fixtures/peers"
)

// binary is peerdump as make build makes it.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "peerdump-test-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "peerdump")
	if text, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		panic(string(text))
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// result is what a user sees of one run.
type result struct {
	stdout, stderr string
	code           int
}

func peerdump(t *testing.T, stdin io.Reader, args ...string) result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

func golden(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(fixtures, name)
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTextIsOneLinePerMessage(t *testing.T) {
	path := golden(t, "2.6.12/quota-1.bin")
	got := peerdump(t, nil, path)
	if got.code != exitOK || got.stderr == "" {
		t.Fatalf("exit code %d, summary %q", got.code, got.stderr)
	}
	for _, want := range []string{
		`^ {7}0 hello 2\.1 to tracker from hap1 pid \d+\n`,
		`\n +\d+ define 1 /quota type string len 65 store gpc0\n`,
		`\n +\d+ update \+?\d+ /quota c0001\|1763683530123 gpc0=1\n`,
		`\n +\d+ timed update \+?\d+ /quota c0015\|1763683530123 gpc0=15\n`,
		`\n +\d+ resync finished\n`, `\n +\d+ heartbeat\n`,
	} {
		if !regexp.MustCompile(want).MatchString(got.stdout) {
			t.Errorf("no line %s", want)
		}
	}
	lines := strings.Count(got.stdout, "\n")
	for _, want := range []string{fmt.Sprintf("%d messages: ", lines), " 1 hello", "table /quota: 15 keys, "} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("summary %q: no %q", got.stderr, want)
		}
	}
	if few := peerdump(t, nil, "-count", "7", path); strings.Count(few.stdout, "\n") != 7 || !strings.HasPrefix(got.stdout, few.stdout) {
		t.Errorf("-count 7: %s", few.stdout)
	}
}

// The last value of each key is what HAProxy itself shows.
func TestJSONMeansWhatShowTableSays(t *testing.T) {
	for _, scene := range []string{"quota-1", "reload-2", "called-1", "version20-1"} {
		paths, err := filepath.Glob(filepath.Join(fixtures, "*", scene+".bin"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %v", scene, err)
		}
		for _, path := range paths {
			got := peerdump(t, nil, "-json", path)
			if got.code != exitOK {
				t.Fatalf("%s: exit code %d: %s", path, got.code, got.stderr)
			}
			counts := map[string]string{}
			for line := range strings.Lines(got.stdout) {
				var r struct {
					Type, Table, Key string
					Values           map[string]json.Number
				}
				if err := json.Unmarshal([]byte(line), &r); err != nil {
					t.Fatalf("%s: %v", line, err)
				}
				if r.Type == "update" && r.Table == "/quota" {
					counts[r.Key] = r.Values["gpc0"].String()
				}
			}
			table, err := os.ReadFile(path[:len(path)-len("-1.bin")] + ".table.txt")
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{}
			for _, found := range regexp.MustCompile(`key=(\S+) .*gpc0=(\d+)`).FindAllStringSubmatch(string(table), -1) {
				want[found[1]] = found[2]
			}
			if !cmp.Equal(counts, want) {
				t.Errorf("%s: %s", path, cmp.Diff(want, counts))
			}
		}
	}
}

func TestEveryGoldenStreamIsPrinted(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(fixtures, "*", "*.bin"))
	if err != nil || len(paths) == 0 {
		t.Fatal(err)
	}
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		text, fromStdin := peerdump(t, nil, path), peerdump(t, file, "-")
		file.Close()
		if text.code != exitOK || text != fromStdin {
			t.Errorf("%s: exit code %d, %d lines; from standard input %d, %d lines", path, text.code,
				strings.Count(text.stdout, "\n"), fromStdin.code, strings.Count(fromStdin.stdout, "\n"))
		}
		if strings.Contains(text.stdout, "skipped") {
			t.Errorf("%s: something was skipped", path)
		}
	}
}

func TestAllDataTypesArePrinted(t *testing.T) {
	got := peerdump(t, nil, golden(t, "3.4.7/types-1.bin"))
	for _, want := range []string{
		"/everything largest gpt0=4294967295", " bytes_in_cnt=9223372036854775807 ", " glitch_cnt=0 ",
		"/addresses6 2001:db8::1 ", "/binaries 11F6AD8EC52A2984ABAAFD7C3B516503785C2072 ", "/integers 4294967295 ",
		"gpt[0]=0 gpt[1]=0 gpt[2]=300 gpc[0]=3 gpc[1]=6", "gpc_rate[1]=6+0/", "server_id=2 gpc0=0 server_key=second(2)",
		"/sticky negative server_id=-1 gpc0=0 server_key=-", " for ", "timed update ",
	} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q", want)
		}
	}
}

func TestOddKeysAreSafeToPrint(t *testing.T) {
	define := "\x0a\x82\x0c\x01\x06/quota\x06\x41\x04\x00"
	update := func(key string) string {
		return "\x0a\x80" + string(rune(len(key)+6)) + "\x00\x00\x00\x01" + string(rune(len(key))) + key + "\x01"
	}
	stream := define + update("a b") + update("\x1b[2J") + update("\xff\xfe") + update("")
	got := peerdump(t, strings.NewReader(stream), "-")
	for _, want := range []string{`/quota "a b" gpc0=1`, `/quota "\x1b[2J" gpc0=1`, `/quota "\xff\xfe" gpc0=1`, `/quota "" gpc0=1`} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("got %q, want %s in it", got.stdout, want)
		}
	}
	got = peerdump(t, strings.NewReader(stream), "-json", "-")
	for _, want := range []string{`"key":"a b"`, `"keyHex":"fffe"`, `"key":""`} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("got %s, want %s in it", got.stdout, want)
		}
	}
}

func TestComplaintsAreClear(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	file := golden(t, "2.6.12/quota-1.bin")
	tests := []struct {
		args  []string
		stdin string
		code  int
		want  string
	}{
		{nil, "", exitUsage, "want one of"},
		{[]string{file, file}, "", exitUsage, "one file at a time"},
		{[]string{"-listen", "127.0.0.1:0", file}, "", exitUsage, "want one of"},
		{[]string{"-nonsense"}, "", exitUsage, "-nonsense"},
		{[]string{"-dial", "127.0.0.1:1"}, "", exitUsage, "want name=address"},
		{[]string{"-dial", "hap1=1"}, "", exitUsage, "want host:port"},
		{[]string{"-listen", "1"}, "", exitUsage, "want host:port"},
		{[]string{"-listen", "127.0.0.1:0", "-name", "a b"}, "", exitUsage, "-name"},
		{[]string{"-listen", "127.0.0.1:0", "-cert", "x"}, "", exitUsage, "all three or none"},
		{[]string{"-write", "x", file}, "", exitUsage, "live sessions"},
		{[]string{"-for", "-1s", file}, "", exitUsage, "negative"},
		{[]string{"/nowhere"}, "", exitCannot, "/nowhere"},
		{[]string{"-"}, "GET / HTTP/1.1\r\n", exitCannot, "standard input: at byte 0: neither a greeting nor a message"},
		{[]string{"-"}, "\x00\x00\x0a\x80", exitCannot, "at byte 2: ends within a message, 2 bytes of it are there"},
		{[]string{"-"}, "\x00\x00\xff", exitCannot, "at byte 2: peers protocol error: reserved message class 255"},
		{[]string{"-"}, "HAProxyS 3.0\nx\ny 1 1\n", exitCannot, "status 502"},
		{[]string{"-listen", busy.Addr().String()}, "", exitCannot, busy.Addr().String()},
		{[]string{"-dial", "hap1=127.0.0.1:1"}, "", exitCannot, "connection refused"},
		{[]string{"-listen", "127.0.0.1:0", "-cert=/nowhere/c", "-key=/nowhere/k", "-ca=/nowhere/a"}, "", exitCannot, "/nowhere/c"},
	}
	for _, tt := range tests {
		got := peerdump(t, strings.NewReader(tt.stdin), tt.args...)
		if got.code != tt.code || !strings.Contains(got.stderr, tt.want) {
			t.Errorf("%q %q: exit code %d, %q; want %d, %q in it", tt.args, tt.stdin, got.code, got.stderr, tt.code, tt.want)
		}
	}
	if got := peerdump(t, nil, "-h"); got.code != exitOK || !strings.Contains(got.stdout, "-dial name=address") {
		t.Errorf("-h: exit code %d, %q", got.code, got.stdout)
	}
	if got := peerdump(t, nil, "-version"); got.code != exitOK || !strings.HasPrefix(got.stdout, "peerdump ") {
		t.Errorf("-version: exit code %d, %q", got.code, got.stdout)
	}
}

// started is a peerdump that runs.
type started struct {
	t      *testing.T
	cmd    *exec.Cmd
	lines  chan string // of standard output
	said   chan string // on standard error, line by line
	stdin  io.WriteCloser
	exited bool
}

func start(t *testing.T, args ...string) *started {
	t.Helper()
	s := &started{t: t, cmd: exec.Command(binary, args...), lines: make(chan string, 10_000), said: make(chan string, 10_000)}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !s.exited {
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
	})
	for from, to := range map[io.Reader]chan string{stdout: s.lines, stderr: s.said} {
		go func() {
			defer close(to)
			for in := bufio.NewScanner(from); in.Scan(); {
				to <- in.Text()
			}
		}()
	}
	return s
}

// find waits for a line that matches.
func (s *started) find(from <-chan string, pattern string) []string {
	s.t.Helper()
	re := regexp.MustCompile(pattern)
	deadline := time.After(patience)
	var before []string
	for {
		select {
		case line, ok := <-from:
			if !ok {
				s.t.Fatalf("ended without %s: %s", pattern, strings.Join(before, "\n"))
			}
			if found := re.FindStringSubmatch(line); found != nil {
				return found
			}
			before = append(before, line)
		case <-deadline:
			s.t.Fatalf("no line %s: %s", pattern, strings.Join(before, "\n"))
		}
	}
}

// rest waits for the end and returns the exit code, and all lines not seen yet.
func (s *started) rest() (code int, stdout, stderr []string) {
	s.t.Helper()
	for line := range s.lines {
		stdout = append(stdout, line)
	}
	for line := range s.said {
		stderr = append(stderr, line)
	}
	_ = s.cmd.Wait()
	s.exited = true
	return s.cmd.ProcessState.ExitCode(), stdout, stderr
}

func (s *started) interrupt() (code int, stdout, stderr []string) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		s.t.Fatal(err)
	}
	return s.rest()
}

func TestInterruptedWhileItWaitsForInput(t *testing.T) {
	s := start(t, "-")
	if _, err := s.stdin.Write([]byte("\x00\x00\x00\x04\x0a")); err != nil {
		t.Fatal(err)
	}
	s.find(s.lines, "heartbeat")
	code, _, stderr := s.interrupt()
	if code != exitOK || !slices.Contains(stderr, "2 messages: 1 heartbeat, 1 resync request") {
		t.Errorf("exit code %d, %q", code, stderr)
	}
}

const haproxyConfig = `global
    stats socket ipv4@%s level admin
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
peers tracker
    bind %s
    server hap1
    server peerdump %s
    table quota type string len 64 size 1k store gpc0
frontend front
    bind %s
    http-request track-sc0 hdr(customer) table tracker/quota
    http-request sc-inc-gpc0(0)
    http-request return status 200
`

// startHAProxy runs the installed HAProxy, which calls peerdump at that address, or
// nobody if it is empty.
func startHAProxy(t *testing.T, peerdump string) (front, local string) {
	t.Helper()
	program := realtest.NeedHAProxy(t)
	addrs := realtest.FreeAddrs(t, "127.77.8.1", 4)
	front, local = addrs[0], addrs[1]
	if peerdump == "" {
		peerdump = addrs[3]
	}
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, fmt.Appendf(nil, haproxyConfig, addrs[2], local, peerdump, front), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-db", "-L", "hap1", "-f", file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return front, local
}

func count(t *testing.T, front, customer string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+front+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("customer", customer)
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-t.Context().Done():
		}
	}
}

func TestLiveSessionWithHAProxyThatCalls(t *testing.T) {
	recording := filepath.Join(t.TempDir(), "recording")
	s := start(t, "-listen", "127.77.8.1:0", "-write", recording)
	addr := s.find(s.said, `listening on (\S+) as peerdump`)[1]
	front, _ := startHAProxy(t, addr)
	s.find(s.lines, `1< hello 2.1 to peerdump from hap1 pid \d+$`)
	s.find(s.lines, `1> status 200`)
	for range 3 {
		count(t, front, "cust1")
	}
	s.find(s.lines, `1< update \+?\d+ /quota cust1 gpc0=3$`)
	code, stdout, stderr := s.interrupt()
	if code != exitOK || !slices.ContainsFunc(stderr, func(line string) bool { return strings.HasPrefix(line, "table /quota: 1 keys, ") }) {
		t.Errorf("exit code %d, %q", code, stderr)
	}
	if i := slices.IndexFunc(stdout, func(line string) bool { return strings.Contains(line, "> ack") }); i >= 0 {
		t.Errorf("acknowledged without being told: %s", stdout[i])
	}
	again := peerdump(t, nil, recording)
	if again.code != exitOK || !regexp.MustCompile(`update \+?\d+ /quota cust1 gpc0=3\n`).MatchString(again.stdout) {
		t.Errorf("recording: exit code %d: %s%s", again.code, again.stdout, again.stderr)
	}
	if got := peerdump(t, nil, "-listen", addr, "-write", recording, "-count", "1"); got.code != exitCannot || !strings.Contains(got.stderr, "file exists") {
		t.Errorf("recording over a file: exit code %d: %s", got.code, got.stderr)
	}
}

func TestLiveSessionWithHAProxyThatIsCalled(t *testing.T) {
	front, local := startHAProxy(t, "")
	count(t, front, "cust1")
	s := start(t, "-dial", "hap1="+local, "-json")
	s.find(s.lines, `"key":"cust1","values":{"gpc0":1}`)
	if code, stdout, stderr := s.interrupt(); code != exitOK || !strings.Contains(strings.Join(stdout, "\n"), `"type":"summary"`) {
		t.Errorf("exit code %d: %q %q", code, stdout, stderr)
	}
	if got := peerdump(t, nil, "-dial", "hap1="+local, "-for", "500ms"); got.code != exitOK {
		t.Errorf("exit code %d: %s%s", got.code, got.stdout, got.stderr)
	}
	s = start(t, "-dial", "hap1="+local, "-20", "-ack")
	s.find(s.lines, `1> hello 2.0 to hap1 from peerdump pid \d+$`)
	s.find(s.lines, `1< resync finished$`)
	count(t, front, "cust1")
	s.find(s.lines, `1< update \+?\d+ /quota cust1 gpc0=2$`)
	s.find(s.lines, `1> ack table 1 update \d+$`)
	if code, _, _ := s.interrupt(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	if got := peerdump(t, nil, "-dial", "other="+local); got.code != exitCannot || !strings.Contains(got.stderr, "503") {
		t.Errorf("wrong name: exit code %d: %s", got.code, got.stderr)
	}
}
