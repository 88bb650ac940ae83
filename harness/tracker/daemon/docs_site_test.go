package daemon

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// site is a machine as the documentation has it: its files are in a folder, and its
// addresses on a loopback address of its own. All else is taken literally.
type site struct {
	t          *testing.T
	root, host string
	gate       chan struct{} // attempts for /wait are answered when it is closed
	held       atomic.Int32  // of them
}

var sites atomic.Uint32

func newSite(t *testing.T) *site {
	t.Helper()
	need(t, "haproxy", "openssl", "curl", "sqlite3")
	s := &site{t: t, root: t.TempDir(), gate: make(chan struct{})}
	s.host = fmt.Sprintf("127.79.%d.%d", os.Getpid()%250+1, sites.Add(1))
	for _, dir := range []string{"etc/haproxy", "var/lib/haproxy", "usr/local/bin", "root"} {
		if err := os.MkdirAll(filepath.Join(s.root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-o", filepath.Join(s.root, "usr/local/bin/quota-tracker"), "../../../cmd/quota-tracker")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, out)
	}
	s.serve("8081", s.answer)
	return s
}

// serve answers on a port of the site until the test ends.
func (s *site) serve(port string, answer http.HandlerFunc) {
	s.t.Helper()
	listener, err := net.Listen("tcp", s.host+":"+port)
	if err != nil {
		s.t.Fatal(err)
	}
	server := &http.Server{Handler: answer}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	s.t.Cleanup(func() {
		if err := errors.Join(server.Close(), <-served); !errors.Is(err, http.ErrServerClosed) {
			s.t.Error(err)
		}
	})
}

// answer is the application behind HAProxy.
func (s *site) answer(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/wait" {
		s.held.Add(1)
		select {
		case <-s.gate:
		case <-r.Context().Done():
		}
	}
	w.Header().Set("X-Dynamic", "1")
}

var privileged = regexp.MustCompile(`(?m)^ *(chroot|user|group) .*\n`)

// here puts the site's folder and address into a text. Who is not root cannot become
// another user.
func (s *site) here(text string) string {
	text = strings.NewReplacer("/etc/", s.root+"/etc/", "/var/lib/", s.root+"/var/lib/", "127.0.0.1", s.host).Replace(text)
	if os.Getuid() != 0 {
		text = privileged.ReplaceAllString(text, "")
	}
	return text
}

// install writes a file of docs/tracker where it belongs.
func (s *site) install(doc, path string, changes ...string) {
	s.t.Helper()
	text := readDoc(s.t, "tracker/"+doc)
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(text, changes[i]) {
			s.t.Fatalf("%s has no %q", doc, changes[i])
		}
		text = strings.ReplaceAll(text, changes[i], changes[i+1])
	}
	path = s.here(path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(s.here(text)), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// sh runs commands as a shell does, and returns what they print.
func (s *site) sh(commands string, env ...string) string {
	s.t.Helper()
	cmd := exec.Command("sh", "-euc", s.here(commands))
	cmd.Dir = filepath.Join(s.root, "root")
	cmd.Env = append(os.Environ(), "PATH="+s.root+"/usr/local/bin:"+os.Getenv("PATH"), "LC_ALL=C")
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s\n%v: %s", commands, err, out)
	}
	return string(out)
}

// service is a program that runs on a site until the test ends.
type service struct {
	*exec.Cmd
	mu  sync.Mutex
	log bytes.Buffer
}

func (s *service) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(b)
}

// said counts how often the log has a text.
func (s *service) said(text string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Count(s.log.String(), text)
}

func (s *site) run(env []string, program string, args ...string) *service {
	s.t.Helper()
	if path := filepath.Join(s.root, "usr/local/bin", program); program == "quota-tracker" {
		program = path
	}
	for i := range args {
		args[i] = s.here(args[i])
	}
	r := &service{Cmd: exec.Command(program, args...)}
	r.Dir, r.Env, r.Stdout, r.Stderr = filepath.Join(s.root, "root"), append(os.Environ(), env...), r, r
	if err := r.Start(); err != nil {
		s.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- r.Wait() }()
	s.t.Cleanup(func() {
		_ = r.Process.Signal(syscall.SIGTERM) // one that has ended shows in its log
		select {
		case <-done:
		case <-time.After(patience):
			_ = r.Process.Kill()
			s.t.Errorf("%s: has not ended within %v: %v", program, patience, <-done)
		}
		if s.t.Failed() {
			s.t.Logf("%s said: %s", program, &r.log)
		}
	})
	return r
}

// up starts the tracker and HAProxy, and waits until one has told the other everything.
func (s *site) up(env ...string) (tracker, haproxy *service) {
	s.t.Helper()
	tracker = s.run(env, "quota-tracker", "-config", "/etc/quota-tracker/quota-tracker.yaml")
	realtest.Until(s.t, "the API up", func() bool { _, err := s.get(s.host+":8405", "", "/healthz"); return err == nil })
	haproxy = s.run(nil, "haproxy", "-W", "-f", "/etc/haproxy/haproxy.cfg")
	realtest.Until(s.t, "ready", func() bool { status, _ := s.get(s.host+":8405", "", "/readyz"); return status == http.StatusOK })
	return tracker, haproxy
}

// get asks an address for a path under a host's name.
func (s *site) get(addr, host, path string) (int, error) {
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		return 0, err
	}
	req.Host, req.Close = host, true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, errors.Join(err, resp.Body.Close())
}

// charge makes HAProxy answer for a customer, which must succeed.
func (s *site) charge(customer string) {
	s.t.Helper()
	if status, err := s.get(s.host+":8080", customer, "/"); status != http.StatusOK || err != nil {
		s.t.Fatalf("an attempt of %s: got %d, %v", customer, status, err)
	}
}
