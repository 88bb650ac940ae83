package driver

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/haproof/haproof/harness"
)

// What a child process of a test is to run out of, before it drives with the driver
// that is named behind the colon.
const shortageEnv = "HAPROOF_TEST_SHORTAGE"

// A child has room for some connections, and makes more attempts than that at a time.
const (
	shortageAttempts = 100
	spareDescriptors = 32
)

// TestShortagesAreToldApart has each driver run out of descriptors and of local ports
// for real, in a process of its own, so that nothing else here does.
func TestShortagesAreToldApart(t *testing.T) {
	if what, driver, child := strings.Cut(os.Getenv(shortageEnv), ":"); child {
		exhausted(t, what, driver)
		return
	}
	for what, cause := range map[string]string{"descriptors": "failed descriptors", "ports": "failed ports"} {
		t.Run(what, func(t *testing.T) {
			everyDriver(t, func(t *testing.T, d harness.Driver) { runsOut(t, d.Name(), what, cause) })
		})
	}
}

// runsOut has a child run out of something and looks at what its driver made of that.
func runsOut(t *testing.T, driver, what, cause string) {
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestShortagesAreToldApart$", "-test.v")
	child.Env = append(os.Environ(), shortageEnv+"="+what+":"+driver)
	if what == "ports" { // of a network of its own
		child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		if os.Geteuid() != 0 {
			t.Skip("only root may have a network of its own")
		}
	}
	out, err := child.CombinedOutput()
	if bytes.Contains(out, []byte("--- SKIP")) && os.Getenv("CI") != "true" { // there it would hide that nobody looks
		t.Skipf("%s", out)
	}
	_, line, found := bytes.Cut(out, []byte("TALLY "))
	if err != nil || !found {
		t.Fatalf("%v\n%s", err, out)
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	var got map[string]int
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatal(err)
	}
	// Who has a connection waits in vain for an answer, or on a slow machine for
	// the connection itself.
	lacking, served := got[cause], got["indeterminate timeout"]+got["failed timeout"]
	late := got["failed shed"] // of a child that was kept from the processor
	if lacking == 0 || served == 0 || lacking+served+late != shortageAttempts {
		t.Errorf("%s: got %v, want %q and timeouts, %d in all", what, got, cause, shortageAttempts)
	}
}

// exhausted is the child: it drives with too little of something, and prints how its
// attempts ended.
func exhausted(t *testing.T, what, driver string) {
	address := "127.0.0.1:0"
	if what == "ports" {
		shrinkPorts(t)
		address = "127.0.0.1:1" // none of those that are left
	}
	// It is never accepted from: the kernel makes connections stand by itself.
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if what == "descriptors" {
		lowerDescriptors(t)
	}
	d, err := New(driver)
	if err != nil {
		t.Fatal(err)
	}
	w := usual()
	w.Profile, w.TLS, w.Requests, w.Rate, w.Timeout = "php", 0, shortageAttempts, 5000, 2*time.Second
	attempts, _, err := played(t.Context(), t, d, w, harness.Endpoint{Node: "silent", HTTP: listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(tally(attempts))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(os.Stdout, "TALLY "+string(line)+"\n")
	_ = listener.Close()
}

// lowerDescriptors leaves room for few more descriptors than are open.
func lowerDescriptors(t *testing.T) {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = uint64(len(open) + spareDescriptors)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
}

// shrinkPorts leaves few local ports in a network that this process has to itself.
func shrinkPorts(t *testing.T) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		t.Skip("a network of its own cannot be set up:", err)
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("40000 40007"), 0); err != nil {
		t.Skip("its ports cannot be limited:", err)
	}
}
