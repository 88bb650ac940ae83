package runtimeapi

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

const liveConfig = `global
  stats socket %s level admin
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 1s
peers tracker
  bind 127.77.3.1:10000
  server lab1
  table quota type string len 64 size 1k store gpc0
frontend f
  bind 127.77.3.1:8080
`

// startHAProxy runs the installed HAProxy and returns the path of its socket.
func startHAProxy(t *testing.T) string {
	t.Helper()
	binary := realtest.NeedHAProxy(t)
	dir := t.TempDir()
	socket, config := filepath.Join(dir, "api.sock"), filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(config, fmt.Appendf(nil, liveConfig, socket), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-db", "-L", "lab1", "-f", config)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return socket
}

func TestRealHAProxyAnswersEveryQuestion(t *testing.T) {
	api := New(startHAProxy(t))
	realtest.Await(t, "HAProxy answers", func() error {
		_, err := api.ShowInfo(t.Context())
		return err
	})
	if _, err := api.Command(t.Context(), "set table tracker/quota key c0001|1 data.gpc0 41"); err != nil {
		t.Error(err)
	}
	entries, err := api.ShowTable(t.Context(), "tracker/quota")
	if err != nil || len(entries) != 1 || entries[0].Key != "c0001|1" || entries[0].Data["gpc0"] != 41 {
		t.Errorf("entries %v, error %v", entries, err)
	}
	sections, err := api.ShowPeers(t.Context())
	if err != nil || len(sections) != 1 || len(sections[0].Peers) != 1 || sections[0].Peers[0].Remote {
		t.Errorf("sections %+v, error %v", sections, err)
	}
	if rows, err := api.ShowStat(t.Context()); err != nil || rows[0]["pxname"] != "f" {
		t.Errorf("rows %v, error %v", rows, err)
	}
	for cmd, want := range map[string]string{"show table nosuch": "No such table", "set server f/none state ready": "No such backend."} {
		_, err := api.Command(t.Context(), cmd)
		if reply := new(ReplyError); !errors.As(err, &reply) || reply.Text != want {
			t.Errorf("%s: error %v, want %s", cmd, err, want)
		}
	}
}
