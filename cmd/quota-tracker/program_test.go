package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/tracker/api"
)

const (
	// beProgram in the environment makes the test binary the program under test.
	beProgram = "QUOTA_TRACKER_IS_THE_PROGRAM"
)

func TestMain(m *testing.M) {
	if os.Getenv(beProgram) != "" {
		main()
	}
	os.Exit(realtest.Run(m))
}

// program is a quota-tracker process with addresses of its own, started again and
// again.
type program struct {
	t     *testing.T
	name  string // of the peer
	peers string // address
	api   string // address
	store string // URL
	keys  string

	cmd     *exec.Cmd
	log     *bytes.Buffer
	done    chan error
	leaving bool // it was asked to end
}

// hosts numbers the programs: each lives on a loopback address of its own, so that
// nobody takes its ports while it is down.
var hosts atomic.Uint32

func newProgram(t *testing.T, name, store, keys string) *program {
	t.Helper()
	host := fmt.Sprintf("127.77.9.%d", hosts.Add(1))
	addrs := realtest.FreeAddrs(t, host, 2)
	p := &program{t: t, name: name, peers: addrs[0], api: addrs[1], store: store, keys: keys}
	t.Cleanup(func() {
		if p.cmd != nil {
			p.kill()
		}
		if t.Failed() && p.log != nil {
			t.Logf("%s said last: %s", name, p.log)
		}
	})
	return p
}

func (p *program) command(args ...string) *exec.Cmd {
	p.t.Helper()
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), beProgram+"=1")
	return cmd
}

func (p *program) start() {
	p.t.Helper()
	p.cmd = p.command("-name", p.name, "-peers", p.peers, "-http", p.api, "-store", p.store, "-keys", p.keys)
	p.log = new(bytes.Buffer)
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func(cmd *exec.Cmd) { done <- cmd.Wait() }(p.cmd)
	p.done, p.leaving = done, false
}

// kill ends the process as kill -9 does. One that has ended before is a failure.
func (p *program) kill() {
	p.t.Helper()
	cmd := p.cmd
	p.cmd = nil
	_ = cmd.Process.Kill() // an error says that it has ended: see below
	<-p.done
	status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signal() != syscall.SIGKILL && (!p.leaving || !cmd.ProcessState.Success()) {
		p.t.Fatalf("quota-tracker ended by itself: %v: %s", cmd.ProcessState, p.log)
	}
}

// terminate asks the process to end, and does not wait for it.
func (p *program) terminate() {
	p.t.Helper()
	p.leaving = true
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Error(err)
	}
}

// stop ends the process gracefully.
func (p *program) stop() {
	p.t.Helper()
	p.terminate()
	p.cmd = nil
	if err := <-p.done; err != nil {
		p.t.Errorf("stop: %v: %s", err, p.log)
	}
}

// verify demands that every stored total is the sum of its parts.
func (p *program) verify() {
	p.t.Helper()
	if out, err := p.command("verify", "-store", p.store).CombinedOutput(); err != nil {
		p.t.Fatalf("verify: %v: %s", err, out)
	}
}

// counts asks for the totals.
func (p *program) counts() map[string]uint64 {
	p.t.Helper()
	var c api.Counts
	if err := p.get("/v1/counts", &c); err != nil {
		p.t.Fatal(err)
	}
	return c.Customers
}

// told returns nil when so many sources are connected and have told everything.
func (p *program) told(sources int) error {
	var s api.Sources
	if err := p.get("/v1/sources", &s); err != nil {
		return err
	}
	open := 0
	for _, source := range s.Sources {
		if source.Sessions > 0 && source.Resync == "finished" {
			open++
		}
	}
	if open != sources {
		return fmt.Errorf("%d sources have told everything, want %d: %+v", open, sources, s.Sources)
	}
	return nil
}

func (p *program) get(path string, into any) error {
	ctx, cancel := context.WithTimeout(context.Background(), realtest.Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.api+path, nil)
	if err != nil {
		return err
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", path, resp.Status, body)
	}
	return json.Unmarshal(body, into)
}
