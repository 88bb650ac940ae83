package runtimeapi

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCommandAsksForSeveritiesAndReturnsTheReply(t *testing.T) {
	addr, lines := serve(t, say("\nName: HAProxy\nVersion: 3.0\n\n"))
	got, err := New(addr).Command(t.Context(), "show info")
	if err != nil || got != "Name: HAProxy\nVersion: 3.0\n" {
		t.Errorf("Command = %q, %v", got, err)
	}
	if sent := <-lines; sent != "set severity-output number;show info\n" {
		t.Errorf("sent %q", sent)
	}
}

func TestCommandWorksOverAUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "api.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			_, err = bufio.NewReader(conn).ReadString('\n')
			_, writeErr := io.WriteString(conn, "\n\n")
			err = errors.Join(err, writeErr, conn.Close())
		}
		done <- err
	}()
	if got, err := New(path).Command(t.Context(), "show table"); got != "" || err != nil {
		t.Errorf("Command = %q, %v; want an empty reply", got, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestWhatHAProxyReportsAsErrorIsAReplyError(t *testing.T) {
	for _, test := range []struct{ raw, want string }{
		// as HAProxy 2.6.12, 3.0.11 and 3.4.7 sent them
		{"\n[3]: No such table\n\n", "No such table"},
		{"\n[3]: Permission denied\n\n", "Permission denied"},
		{"\n[3]: No such server.\n\n", "No such server."},
		{"\n[3]: maxconn string empty or preceded by garbage\n", "maxconn string empty or preceded by garbage"}, // 2.6 omits the empty line
		{"\n[6]: Unknown command: 'frobnicate', but maybe one of the following ones is a better match:\n  quit : disconnect\n\n", "Unknown command: 'frobnicate', but maybe one of the following ones is a better match:"},
		{"\n[6]: Unknown command, but maybe one of the following ones is a better match:\n  quit : disconnect\n\n", "Unknown command, but maybe one of the following ones is a better match:"},
	} {
		_, err := parseReply("x", test.raw)
		var reply *ReplyError
		if !errors.As(err, &reply) || reply.Text != test.want {
			t.Errorf("%q: error %v, want %q", test.raw, err, test.want)
		}
	}
}

func TestAMessageThatIsNoErrorComesBackWithoutItsSeverity(t *testing.T) {
	got, err := parseReply("x", "\n[6]: Server is already up.\n\n")
	if got != "Server is already up.\n" || err != nil {
		t.Errorf("parseReply = %q, %v", got, err)
	}
}

func TestEveryPrefixOfAReplyIsCutOff(t *testing.T) {
	whole := "\n" + golden(t, "3.0", "show-table-tracker-quota")
	for n := range len(whole) {
		if _, err := parseReply("show table", whole[:n]); !errors.Is(err, errCutOff) && n != 2 {
			t.Fatalf("first %d bytes %q: error %v", n, whole[:n], err)
		}
	}
	if _, err := parseReply("show table", whole); err != nil {
		t.Errorf("whole reply: %v", err)
	}
}

func TestCommandRefusesAReplyBeyondItsLimit(t *testing.T) {
	addr, _ := serve(t, say("\n"+strings.Repeat("x", 100)+"\n\n"))
	c := New(addr)
	c.limit = 50
	_, err := c.Command(t.Context(), "show info")
	if err == nil || !strings.Contains(err.Error(), "longer than 50 bytes") {
		t.Errorf("error %v", err)
	}
}

func TestCommandEndsWithItsContext(t *testing.T) {
	hold := make(chan struct{})
	addr, _ := serve(t, func(io.Writer) { <-hold })
	t.Cleanup(func() { close(hold) })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := New(addr).Command(ctx, "show info")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the deadline", err)
	}
}

func TestCommandRefusesSeveralCommandsAtOnce(t *testing.T) {
	for _, cmd := range []string{"show info;show stat", "show info\nquit", "show\rinfo"} {
		if _, err := New("127.0.0.1:1").Command(t.Context(), cmd); err == nil || !strings.Contains(err.Error(), "more than one") {
			t.Errorf("%q: error %v", cmd, err)
		}
	}
}

func TestCommandNamesTheAddressThatDoesNotAnswer(t *testing.T) {
	_, err := New("127.0.0.1:1").Command(t.Context(), "show info")
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("error %v", err)
	}
}
