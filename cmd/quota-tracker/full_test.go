package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// fill takes all the room there is, to the last byte, and returns how to give it back.
func fill(t *testing.T, dir string) (empty func()) {
	t.Helper()
	path := filepath.Join(dir, "ballast")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for piece := 1 << 20; piece > 0; {
		if _, err := f.Write(make([]byte, piece)); err != nil {
			piece /= 2
		}
	}
	f.Close()
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// ask returns status and text of an answer.
func (p *program) ask(path string) (int, string) {
	resp, err := http.Get("http://" + p.api + path)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(body)
}

// While the disk is full nothing is acknowledged and the tracker says why; with room
// again it goes on by itself, and nothing is lost or counted twice.
func TestFullDiskUnderTrafficLosesAndRepeatsNothing(t *testing.T) {
	for _, keys := range []string{"generation", "plain"} {
		t.Run(keys, func(t *testing.T) {
			dir := t.TempDir()
			realtest.SmallDisk(t, dir, 64)
			p := newProgram(t, "tracker", filepath.Join(dir, "tracker.db"), keys)
			p.start()
			f := newFleet(t, keys, 2000, p)
			for round := range 3 {
				realtest.Await(t, "all HAProxies have told everything", func() error { return p.told(fleetSize) })
				empty := fill(t, dir)
				realtest.Await(t, "not ready", p.full)
				acked, counted := f.atRest(), whole(f.truth())
				realtest.Await(t, "more is counted", func() error { return grown(0, counted, whole(f.truth())) })
				if round == 0 {
					realtest.Await(t, "sessions end", func() error {
						if p.told(fleetSize) == nil {
							return errors.New("all are there")
						}
						return nil
					})
				}
				if err := p.full(); err != nil {
					t.Error(err)
				}
				if now := whole(f.acked()); now != acked {
					t.Errorf("%d were acknowledged while nothing could be stored", now-acked)
				}
				if status, text := p.ask("/healthz"); status != http.StatusOK {
					t.Errorf("healthz: %d %s", status, text)
				}
				empty()
				realtest.Await(t, "ready again", p.ready)
			}
			f.calm()
			f.idle()
			if diff := cmp.Diff(f.truth(), p.counts()); diff != "" {
				t.Errorf("(-counted +shown): %s", diff)
			}
			p.stop()
			p.verify()
			toldOnce(t, p.log.String(), 3)
		})
	}
}

// toldOnce wants so many full disks in a log at least, and none told again for the same
// reason before something was stored.
func toldOnce(t *testing.T, log string, full int) {
	t.Helper()
	told, last := 0, ""
	for line := range strings.Lines(log) {
		if strings.Contains(line, "is stored again") {
			last = ""
		}
		_, reason, _ := strings.Cut(line, "nothing can be stored")
		if reason != "" && reason == last {
			t.Errorf("told twice: %s", line)
		}
		if reason != "" {
			told, last = told+1, reason
		}
	}
	if told < full {
		t.Errorf("%d times in the log that nothing can be stored, want %d at least", told, full)
	}
}

// ready returns nil when the tracker is.
func (p *program) ready() error {
	if status, text := p.ask("/readyz"); status != http.StatusOK {
		return fmt.Errorf("readyz: %d %s", status, text)
	}
	return nil
}

// full returns nil when the tracker is not ready because its disk is full.
func (p *program) full() error {
	if status, text := p.ask("/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(text, "full") {
		return fmt.Errorf("readyz: %d %s", status, text)
	}
	return nil
}
