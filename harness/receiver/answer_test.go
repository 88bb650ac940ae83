package receiver

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// bytesOf sends text on a connection of its own and returns all that comes back.
func bytesOf(t *testing.T, address, text string) (string, error) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(c)
	return string(all), err
}

func TestAnswersAreByteForByteWhatWasAskedFor(t *testing.T) {
	const line, early = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </>; rel=preload\r\n\r\n"
	bothWays(t, 0, func(t *testing.T, _ *Server, address string) {
		for _, row := range []struct{ why, ask, want string }{
			{"trailer", "GET /?trailer=1&size=3&close=1 HTTP/1.1\r\n\r\n", line + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxxx\r\n0\r\nX-Trailer: 1\r\n\r\n"},
			{"interim answers", "GET /?interim=2&close=1 HTTP/1.1\r\n\r\n", early + early + line + "Connection: close\r\nContent-Length: 0\r\n\r\n"},
			{"HTTP/1.0 knows no chunks and no interim answers", "GET /?chunked=1&size=2&interim=2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", line + "Connection: close\r\n\r\nxx"},
			{"HTTP/1.0 keeps a connection when asked to", "GET /?size=1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n", line + "Connection: keep-alive\r\nContent-Length: 1\r\n\r\nx" + line + "Connection: close\r\nContent-Length: 0\r\n\r\n"},
			{"slow and chunked", "GET /?rate=1000&size=12&chunked=1&close=1 HTTP/1.1\r\n\r\n", line + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\na\r\nxxxxxxxxxx\r\n2\r\nxx\r\n0\r\n\r\n"},
		} {
			got, err := bytesOf(t, address, row.ask)
			if diff := cmp.Diff(row.want, got); diff != "" || err != nil {
				t.Errorf("%s: error %v (-want +got):\n%s", row.why, err, diff)
			}
		}
	})
}

func TestResetComesWhereItWasAskedFor(t *testing.T) {
	_, address := started(t, 0)
	got, err := bytesOf(t, address, "GET /?size=100&reset=7 HTTP/1.1\r\n\r\n")
	if !errors.Is(err, syscall.ECONNRESET) || got != "" && !strings.HasSuffix(got, "Content-Length: 100\r\n\r\nxxxxxxx") {
		t.Errorf("got %q, error %v", got, err) // a reset may take away what was not read yet
	}
}

func TestRateIsNotExceeded(t *testing.T) {
	_, address := started(t, 0)
	began := time.Now()
	if got, err := bytesOf(t, address, "GET /?size=300&rate=1000&close=1 HTTP/1.1\r\n\r\n"); err != nil || strings.Count(got, "x") < 300 {
		t.Fatalf("got %q, error %v", got, err)
	}
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Errorf("300 bytes at 1000/s took %v", took)
	}
}

func TestTheLastArrivalsAreKept(t *testing.T) {
	b := newBook(64, 3)
	for i := range uint64(5) {
		b.note(&request{seq: i, known: true}, int64(100+i))
	}
	got, first := b.kept()
	if diff := cmp.Diff([]Arrival{{2, 102}, {3, 103}, {4, 104}}, got); diff != "" || first != 2 {
		t.Errorf("from %d on (-want +got):\n%s", first, diff)
	}
}

func TestPacingComparesWithTheSchedule(t *testing.T) {
	began := time.Unix(5, 0)
	at := func(ms int64) int64 { return began.UnixNano() + ms*int64(time.Millisecond) }
	due := func(k uint64) time.Duration { return time.Duration(k) * 10 * time.Millisecond }
	got := PacingOf([]Arrival{{100, at(1)}, {102, at(19)}, {101, at(13)}, {101, at(14)}, {99, at(0)}, {104, at(0)}}, began, 100, 4, due)
	want := Pacing{
		Arrived: 3, Missing: 1, Repeated: 1, Early: 1,
		Lags: []time.Duration{-time.Millisecond, time.Millisecond, 3 * time.Millisecond},
		Gaps: []time.Duration{6 * time.Millisecond, 12 * time.Millisecond},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
