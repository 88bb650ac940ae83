package receiver

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// started returns a server that runs until the test ends, and its address.
func started(t testing.TB, receipts int) (*Server, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return startedAt(t, l, receipts)
}

// startedAt is started at a listener.
func startedAt(t testing.TB, l net.Listener, receipts int) (*Server, string) {
	t.Helper()
	s := New(l, receipts)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve ended with %v", err)
		}
	})
	return s, l.Addr().String()
}

// seen is what a client sees of an answer.
type seen struct {
	Status  int
	Size    int64
	Chunked bool
	Close   bool
}

func ask(t *testing.T, method, url string) seen {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	size, err := io.Copy(io.Discard, response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return seen{response.StatusCode, size, slices.Contains(response.TransferEncoding, "chunked"), response.Close}
}

func TestAnswersAreWhatTheQueryAsksFor(t *testing.T) {
	_, address := started(t, 0)
	for _, row := range []struct {
		method, query string
		want          seen
	}{
		{"GET", "", seen{Status: 200}},
		{"GET", "size=1000&status=404", seen{Status: 404, Size: 1000}},
		{"GET", "size=100000", seen{Status: 200, Size: 100_000}},
		{"GET", "size=100000&chunked=1", seen{Status: 200, Size: 100_000, Chunked: true}},
		{"GET", "size=0&chunked=1", seen{Status: 200, Chunked: true}},
		{"GET", "size=5&status=204", seen{Status: 204}},
		{"GET", "size=5&close=1", seen{Status: 200, Size: 5, Close: true}},
		{"HEAD", "size=7", seen{Status: 200}},
	} {
		if diff := cmp.Diff(row.want, ask(t, row.method, "http://"+address+"/?"+row.query)); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", row.method, row.query, diff)
		}
	}
	began := time.Now()
	ask(t, "GET", "http://"+address+"/?delay=50ms")
	if took := time.Since(began); took < 50*time.Millisecond {
		t.Errorf("an answer with a delay of 50 ms took %v", took)
	}
}

// raw sends bytes and returns the line of each answer, until the connection ends.
func raw(t *testing.T, address, text string) []string {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	_ = c.(*net.TCPConn).CloseWrite()
	var lines []string
	for in := bufio.NewReader(c); ; {
		response, err := http.ReadResponse(in, nil)
		if err != nil {
			return lines
		}
		_, _ = io.Copy(io.Discard, response.Body)
		lines = append(lines, response.Status)
	}
}

// bothWays runs a test against the loop and against a goroutine per connection.
func bothWays(t *testing.T, receipts int, test func(t *testing.T, s *Server, address string)) {
	t.Run("loop", func(t *testing.T) {
		s, address := started(t, receipts)
		test(t, s, address)
	})
	t.Run("goroutines", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s, address := startedAt(t, struct{ net.Listener }{l}, receipts)
		test(t, s, address)
	})
}

func TestEveryRequestHasItsReceipt(t *testing.T) {
	bothWays(t, 64, func(t *testing.T, s *Server, address string) {
		began := time.Now().UnixNano()
		got := raw(t, address, "GET / HTTP/1.1\r\nx-Haproof-SEQ: 7\r\n\r\n"+
			"POST /?status=500 HTTP/1.1\r\nX-Haproof-Seq: 9\nContent-Length: 5\r\n\r\nhello"+
			"GET / HTTP/1.1\r\n\r\n"+
			"GET /?delay=1ms HTTP/1.1\r\nX-Haproof-Seq: 10\r\n\r\n"+
			"GET / HTTP/1.1\r\nX-Haproof-Seq: 64\r\n\r\n"+
			"GET / HTTP/1.0\r\nX-Haproof-Seq: 7\r\n\r\n"+
			"GET / HTTP/1.1\r\n\r\n") // never read: the one before ended the connection
		ended := time.Now().UnixNano()
		if diff := cmp.Diff([]string{"200 OK", "500 Internal Server Error", "200 OK", "200 OK", "200 OK", "200 OK"}, got); diff != "" {
			t.Errorf("answers (-want +got):\n%s", diff)
		}
		var ids []uint64
		for _, a := range s.Arrivals() {
			if ids = append(ids, a.Seq); a.At < began || a.At > ended {
				t.Errorf("%+v did not arrive from %d to %d", a, began, ended)
			}
		}
		if diff := cmp.Diff([]uint64{7, 9, 10, 64, 7}, ids); diff != "" {
			t.Errorf("arrivals (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]Span{{7, 7}, {9, 10}}, slices.Collect(s.Receipts(0, 1000))); diff != "" {
			t.Errorf("receipts (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(Totals{Arrived: 6, Repeated: 1, Strange: 1, Dropped: 1}, s.Totals()); diff != "" {
			t.Errorf("totals (-want +got):\n%s", diff)
		}
		ask(t, "GET", "http://"+address+"/forget")
		if got := s.Totals(); got != (Totals{}) || len(s.Arrivals()) > 0 || len(slices.Collect(s.Receipts(0, 1000))) > 0 {
			t.Errorf("forgotten, but %+v", got)
		}
	})
}

func TestWhatArrivedIsToldOverHTTPToo(t *testing.T) {
	s, address := started(t, 1000)
	raw(t, address, "GET / HTTP/1.1\r\nX-Haproof-Seq: 3\r\n\r\nGET / HTTP/1.1\r\nX-Haproof-Seq: 4\r\n\r\nGET / HTTP/1.1\r\nX-Haproof-Seq: 6\r\n\r\n")
	client, err := NewReader(t.Context(), "http://"+address)
	if err != nil {
		t.Fatal(err)
	}
	arrivals, err := client.Arrivals(t.Context(), 4, 6)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.Arrivals()[1:], arrivals); diff != "" {
		t.Errorf("arrivals 4 to 6 (-want +got):\n%s", diff)
	}
	state, err := client.State(t.Context())
	if want := (State{Began: s.Began().UnixNano(), Totals: Totals{Arrived: 3}, Kept: 3}); err != nil || state != want {
		t.Errorf("got %+v %v, want %+v", state, err, want)
	}
	for query, want := range map[string]string{
		"/receipts": "3 4\n6 6\n", "/receipts?from=4": "4 4\n6 6\n", "/receipts?to=3": "3 3\n", "/receipts?from=7": "",
		"/receipts?from=x": "strconv.ParseUint: parsing \"x\": invalid syntax\n",
	} {
		response, err := http.Get("http://" + address + query)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || string(text) != want {
			t.Errorf("%s: got %q %v, want %q", query, text, err, want)
		}
	}
}

func TestBadRequestsAreRefused(t *testing.T) {
	s, address := started(t, 0)
	for _, text := range []string{
		"hello\r\n\r\n",
		"GET / HTTP/2.0\r\n\r\n",
		"GET / HTTP/1.1\r\nno field\r\n\r\n",
		"GET / HTTP/1.1\r\nX-Haproof-Seq: many\r\n\r\n",
		"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"GET /?size=-1 HTTP/1.1\r\n\r\n",
		"GET /?size=2000000000 HTTP/1.1\r\n\r\n",
		"GET /?status=100 HTTP/1.1\r\n\r\n",
		"GET /?delay=2h HTTP/1.1\r\n\r\n",
		"GET /?delay=soon HTTP/1.1\r\n\r\n",
		"GET /?size=%zz HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1\r\nA: " + strings.Repeat("a", MaxHead) + "\r\n\r\n",
	} {
		if got := raw(t, address, text); !slices.Equal(got, []string{"400 Bad Request"}) {
			t.Errorf("%.60q: got %q", text, got)
		}
	}
	if got := s.Totals(); got.Arrived != 0 {
		t.Errorf("%+v of bad requests", got)
	}
}

func TestConnectionsDoNotLoseEachOthersReceipts(t *testing.T) {
	s, address := started(t, 0)
	const connections, each = 20, 50
	var all sync.WaitGroup
	for i := range connections {
		all.Go(func() {
			var b strings.Builder
			for j := range each {
				fmt.Fprintf(&b, "GET / HTTP/1.1\r\nX-Haproof-Seq: %d\r\n\r\n", i*each+j)
			}
			raw(t, address, b.String())
		})
	}
	all.Wait()
	want := Totals{Arrived: connections * each}
	if got := slices.Collect(s.Receipts(0, 1<<63)); s.Totals() != want || !slices.Equal(got, []Span{{0, connections*each - 1}}) {
		t.Errorf("%v, %+v", got, s.Totals())
	}
}

func TestEndClosesWhatIsOpen(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(l, 0)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "GET /?delay=1h HTTP/1.1\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for s.Totals().Arrived == 0 {
		<-look.C
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := io.ReadAll(c); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("GET /?size=1&delay=1ms&status=404&chunked=1&close=1&rate=5&reset=7&interim=3&trailer=1&x=%41 HTTP/1.1\r\nX-Haproof-Seq: 12\r\nConnection: close\r\n\r\n"))
	f.Fuzz(func(t *testing.T, head []byte) {
		r, n, err := parse(head)
		a := r.answer
		if n > len(head) || err == nil && n > 0 && (a.size < 0 || a.size > MaxSize || a.status < 200 || a.status > 599 || r.length < 0 || r.length > MaxSize ||
			a.delay < 0 || a.rate < 0 || a.reset < -1 || a.interim < 0 || a.interim > MaxInterim) {
			t.Errorf("%q is %+v, %d bytes", head, r, n)
		}
		if n == 0 || err != nil || !r.answer.quick() {
			return
		}
		request := &http.Request{Method: "GET"}
		if r.head {
			request.Method = "HEAD"
		}
		in := bufio.NewReader(bytes.NewReader(r.appendQuick(nil)))
		for range 1 + a.interim {
			response, err := http.ReadResponse(in, request)
			if err == nil {
				_, err = io.Copy(io.Discard, response.Body)
			}
			if err != nil {
				t.Fatalf("%q is answered %q: %v", head, r.appendQuick(nil), err)
			}
			if response.StatusCode == a.status && a.status >= 200 {
				break
			}
		}
		if in.Buffered() > 0 {
			t.Fatalf("%q is answered %q, of which %d bytes are left", head, r.appendQuick(nil), in.Buffered())
		}
	})
}
