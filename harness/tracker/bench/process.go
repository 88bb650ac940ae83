package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/haproof/haproof/harness/goals"
)

const patience = 2 * time.Minute

// process is a tracker under test.
type process struct {
	cmd   *exec.Cmd
	log   bytes.Buffer
	done  chan error
	peers string
	http  string
	took  time.Duration // until it answered
}

// start runs the tracker with a store and waits until it answers.
func (b *bench) start(ctx context.Context, store string) (*process, error) {
	p := &process{done: make(chan error, 1)}
	for _, addr := range []*string{&p.peers, &p.http} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		*addr = ln.Addr().String()
		ln.Close()
	}
	args := []string{b.tracker, "-peers", p.peers, "-http", p.http, "-store", store}
	if b.pin != "" {
		args = append([]string{"taskset", "-c", b.pin}, args...)
	}
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Stderr = &p.log
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.done <- p.cmd.Wait() }()
	err := await(ctx, "tracker answers", func() error { return p.get(ctx, "/healthz", nil) })
	if err != nil {
		return nil, errors.Join(err, p.stop())
	}
	p.took = time.Since(began)
	return p, nil
}

// stop ends the tracker.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := <-p.done; err != nil {
		return fmt.Errorf("tracker: %w: %s", err, &p.log)
	}
	return nil
}

// statusError is an answer that is not 200.
type statusError struct {
	code int
	text string
}

func (e *statusError) Error() string { return fmt.Sprintf("status %d: %s", e.code, e.text) }

// client keeps a connection for each of those who ask at the same time.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: visibleFrom}}

// get decodes the answer, unless into is nil.
func (p *process) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.http+path, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return &statusError{resp.StatusCode, fmt.Sprintf("%s: %s", path, body)}
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(body, into)
}

// cpu is the time that the tracker has had a processor.
func (p *process) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	text := string(stat)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc: stat is %q", text)
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * (time.Second / 100), errors.Join(err, err2) // USER_HZ is 100
}

// resident is the memory that the tracker takes, in bytes.
func (p *process) resident() (float64, error) {
	text := goals.Field(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid), "VmRSS")
	kib, err := strconv.ParseFloat(strings.TrimSuffix(text, " kB"), 64)
	return kib * 1024, err
}

// await polls until ok returns nil.
func await(ctx context.Context, what string, ok func() error) error {
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	deadline := time.After(patience)
	for {
		err := ok()
		if err == nil {
			return nil
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline:
			return fmt.Errorf("%s: not within %v: %w", what, patience, err)
		}
	}
}
