package runtimeapi

import (
	"bufio"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// versions of HAProxy whose real output lies in testdata.
var versions = []string{"2.6", "3.0", "3.2", "3.4"}

// golden returns the output of a real HAProxy, final empty line included.
func golden(t *testing.T, version, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", version, name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// body is golden without the final empty line, as Command returns it.
func body(t *testing.T, version, name string) string {
	t.Helper()
	text := golden(t, version, name)
	return text[:len(text)-1]
}

// serve answers one connection after another with reply and returns the
// address and the command lines received.
func serve(t *testing.T, reply func(w io.Writer)) (string, <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 10)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			line, _ := bufio.NewReader(conn).ReadString('\n')
			lines <- line
			reply(conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().String(), lines
}

// say answers with a fixed text.
func say(text string) func(io.Writer) {
	return func(w io.Writer) { _, _ = io.WriteString(w, text) }
}
