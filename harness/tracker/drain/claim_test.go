package drain

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"
)

func TestUnixSocketsAreOfOwnerAndGroup(t *testing.T) {
	for _, network := range []string{"unix", "unixgram"} {
		path := filepath.Join(t.TempDir(), "s")
		r := newRig(t, Config{Listen: []string{network + "://" + path}})
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o660 {
			t.Errorf("%s: got %v, %v", network, info.Mode(), err)
		}
		r.stop()
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s: the socket was left behind: %v", network, err)
		}
	}
}

func TestUnixSocketsThatWereLeftBehindAreReplaced(t *testing.T) {
	for _, network := range []string{"unix", "unixgram"} {
		path := filepath.Join(t.TempDir(), "s")
		leaveBehind(t, network, path)
		r := newRig(t, Config{Listen: []string{network + "://" + path}})
		send(t, r.dial(0), numbered(0))
		r.awaitLines(1)
	}
}

// leaveBehind makes a socket on which nobody listens.
func leaveBehind(t *testing.T, network, path string) {
	t.Helper()
	if network == "unixgram" {
		conn, err := net.ListenPacket(network, path)
		if err != nil {
			t.Fatal(err)
		}
		conn.Close() // Go does not remove it
		return
	}
	listener, err := net.Listen(network, path)
	if err != nil {
		t.Fatal(err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	listener.Close()
}

func TestPathsInUseAreLeftAlone(t *testing.T) {
	for _, network := range []string{"unix", "unixgram"} {
		path := filepath.Join(t.TempDir(), "s")
		r := newRig(t, Config{Listen: []string{network + "://" + path}})
		if second, err := New(t.Context(), Config{Listen: []string{network + "://" + path}}); err == nil {
			t.Errorf("%s: taken from the one who listens", network)
			second.Close()
		}
		send(t, r.dial(0), numbered(0))
		r.awaitLines(1)
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, network := range []string{"unix", "unixgram"} {
		if r, err := New(t.Context(), Config{Listen: []string{network + "://" + path}}); err == nil {
			t.Errorf("%s: took the place of a file", network)
			r.Close()
		}
	}
	if info, err := os.Lstat(path); err != nil || info.Mode().Type() != fs.FileMode(0) {
		t.Errorf("the file: got %v, %v", info, err)
	}
}

// A successor that has replaced the socket keeps it when we go.
func TestUnixSocketOfASuccessorIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	r := newRig(t, Config{Listen: []string{"unix://" + path}})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	successor := newRig(t, Config{Listen: []string{"unix://" + path}})
	r.stop()
	send(t, successor.dial(0), numbered(0))
	successor.awaitLines(1)
}

func TestNewLeavesNothingBehindWhenItFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	path := filepath.Join(t.TempDir(), "s")
	if r, err := New(t.Context(), Config{Listen: []string{"unix://" + path, "tcp://" + taken.Addr().String()}}); err == nil {
		t.Error("listened twice on", taken.Addr())
		r.Close()
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the socket was left behind: %v", err)
	}
}
