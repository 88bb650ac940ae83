package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// inOrder demands that each of n messages arrived, and those of a customer in order.
func inOrder(t *testing.T, got []string, n, customers int) {
	t.Helper()
	if len(got) != n {
		t.Fatalf("%d messages arrived, want %d", len(got), n)
	}
	last := map[int]int{}
	seen := map[int]bool{}
	for _, id := range got {
		var i int
		if _, err := fmt.Sscan(strings.TrimLeft(id, "0")+" ", &i); err != nil && id != "0000" {
			t.Fatal(err)
		}
		if before, ok := last[i%customers]; ok && before > i {
			t.Fatalf("%04d arrived after %04d of the same customer", i, before)
		}
		last[i%customers] = i
		seen[i] = true
	}
	if len(seen) != n {
		t.Fatalf("%d different messages arrived, want %d", len(seen), n)
	}
}

func TestReceiverThatWasDownGetsEverythingInOrder(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	const n, customers = 1000, 7
	b := newBox(messages(n, customers)...)
	failed := newFailures()
	cfg := quick("http://"+addr+"/hook", b)
	cfg.Report = failed.report
	s, stop := run(t, cfg)
	failed.await(t, func(f Failure) bool { return f.Attempts > 2 })
	if ids, _ := b.left(); len(ids) != n {
		t.Fatalf("%d messages wait while the receiver is down, want %d", len(ids), n)
	}

	if l, err = net.Listen("tcp", addr); err != nil {
		t.Fatal(err)
	}
	r := newReceiver(t, nil)
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: r}}
	server.Start()
	t.Cleanup(server.Close)
	b.awaitLeft(t)
	inOrder(t, r.arrived(), n, customers)
	stop()
	if stats := s.Stats(); stats.Delivered != n || stats.Failed == 0 || stats.Refused != 0 || stats.LastDelivered.IsZero() {
		t.Errorf("%+v", stats)
	}
}

func TestEverythingArrivesThroughRandomFailures(t *testing.T) {
	const seed = 1
	r := newReceiver(t, func(w http.ResponseWriter, id string, nth int) {
		random := rand.New(rand.NewPCG(seed, uint64(nth)<<32|uint64(len(id))<<16|uint64(id[3])+uint64(id[2])*10))
		switch random.IntN(6) {
		case 0:
			w.WriteHeader(500)
		case 1:
			w.WriteHeader(429)
		case 2:
			w.(*statusWriter).status = 0
			panic(http.ErrAbortHandler) // the connection breaks
		}
	})
	const n, customers = 300, 20
	b := newBox(messages(n, customers)...)
	server := httptest.NewUnstartedServer(r)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	run(t, quick(server.URL, b))
	b.awaitLeft(t)
	inOrder(t, r.arrived(), n, customers)
}

func TestMessagesThatNeverArriveHoldUpNobodyForEver(t *testing.T) {
	const poison = 300 // more than are asked for at a time
	all := messages(poison+200, poison+100)
	r := newReceiver(t, func(w http.ResponseWriter, id string, _ int) {
		if id < fmt.Sprintf("%04d", poison) {
			w.WriteHeader(500)
		}
	})
	var want []string
	for _, m := range all[:poison] {
		want = append(want, m.ID)
	}
	b := newBox(all...)
	cfg := quick(serve(t, r), b)
	cfg.Hold = 100 * time.Millisecond // 100 of the good ones are of customers with a bad one
	s, stop := run(t, cfg)
	b.awaitLeft(t, want...)
	stop()
	if stats := s.Stats(); stats.Delivered != 200 {
		t.Errorf("%+v", stats)
	}
}

func TestFailingMessageHoldsBackTheLaterOnesOfItsCustomerOnly(t *testing.T) {
	r := newReceiver(t, func(w http.ResponseWriter, id string, nth int) {
		if id == "0000" {
			w.WriteHeader(500)
		}
	})
	b := newBox(messages(40, 4)...)
	failed := newFailures()
	cfg := quick(serve(t, r), b)
	cfg.Report = failed.report
	run(t, cfg)
	b.awaitLeft(t, "0000", "0004", "0008", "0012", "0016", "0020", "0024", "0028", "0032", "0036")
	failed.await(t, func(f Failure) bool { return f.ID == "0000" && f.Attempts > 5 })
	if n := r.attemptsOf("0004"); n != 0 {
		t.Errorf("%d attempts of a message that is held back", n)
	}
}

func TestSlowReceiverHoldsUpNoOtherCustomer(t *testing.T) {
	release := make(chan struct{})
	r := newReceiver(t, func(w http.ResponseWriter, id string, _ int) {
		if id == "0000" {
			<-release
		}
	})
	b := newBox(messages(100, 10)...)
	cfg := quick(serve(t, r), b)
	cfg.Timeout = time.Hour
	run(t, cfg)
	b.awaitLeft(t, "0000", "0010", "0020", "0030", "0040", "0050", "0060", "0070", "0080", "0090")
	close(release)
	b.awaitLeft(t)
	inOrder(t, r.arrived(), 100, 10)
}

func TestAttemptThatTakesTooLongFails(t *testing.T) {
	stop := make(chan struct{})
	r := newReceiver(t, func(w http.ResponseWriter, id string, nth int) {
		if nth == 1 {
			<-stop
		}
	})
	b := newBox(message("1", "c"))
	failed := newFailures()
	url := serve(t, r)
	t.Cleanup(func() { close(stop) })
	cfg := quick(url, b)
	cfg.Timeout = 50 * time.Millisecond
	cfg.Report = failed.report
	run(t, cfg)
	f := failed.await(t, func(Failure) bool { return true })
	if !strings.Contains(f.Err.Error(), "deadline") || f.Refused {
		t.Errorf("%+v", f)
	}
	b.awaitLeft(t)
}

func TestAttemptsAtATimeAreBounded(t *testing.T) {
	var inside atomic.Int32
	both := make(chan struct{})
	r := newReceiver(t, func(w http.ResponseWriter, _ string, _ int) {
		if inside.Add(1) == 3 {
			close(both)
		}
		<-both
	})
	b := newBox(messages(200, 100)...)
	cfg := quick(serve(t, r), b)
	cfg.Concurrency = 3
	_, stop := run(t, cfg)
	b.awaitLeft(t)
	stop()
	if r.most != 3 {
		t.Errorf("%d attempts at a time, want 3", r.most)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	var followed atomic.Int32
	target := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	for _, status := range []int{301, 302, 303, 307, 308} {
		r := newReceiver(t, func(w http.ResponseWriter, _ string, nth int) {
			if nth < 3 {
				w.Header().Set("Location", target)
				w.WriteHeader(status)
			}
		})
		b := newBox(message("1", "c"))
		failed := newFailures()
		cfg := quick(serve(t, r), b)
		cfg.Report = failed.report
		run(t, cfg)
		b.awaitLeft(t)
		f := failed.await(t, func(Failure) bool { return true })
		if !strings.Contains(f.Err.Error(), fmt.Sprint("answered ", status)) || f.Refused || f.ID != "1" || f.Attempts != 1 {
			t.Errorf("%d: %+v", status, f)
		}
	}
	if n := followed.Load(); n != 0 {
		t.Errorf("%d redirects were followed", n)
	}
}

func TestEndlessAnswersAreCutOff(t *testing.T) {
	endless := func(w http.ResponseWriter) {
		for line := []byte(strings.Repeat("x", 1<<16)); ; {
			if _, err := w.Write(line); err != nil {
				return
			}
		}
	}
	r := newReceiver(t, func(w http.ResponseWriter, _ string, nth int) {
		switch nth {
		case 1:
			w.WriteHeader(500)
			endless(w)
		case 2:
			for i := range 100 {
				w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 1000))
			}
		case 3:
			endless(w)
		}
	})
	b := newBox(message("1", "c"))
	failed := newFailures()
	cfg := quick(serve(t, r), b)
	cfg.Timeout = time.Hour
	cfg.Report = failed.report
	run(t, cfg)
	b.awaitLeft(t)
	if n := r.attemptsOf("1"); n != 3 {
		t.Errorf("%d attempts, want 3: the body of a good answer does not matter", n)
	}
	failed.mu.Lock()
	defer failed.mu.Unlock()
	for _, f := range failed.all {
		if len(f.Err.Error()) > 400 {
			t.Errorf("error of %d bytes", len(f.Err.Error()))
		}
	}
}

func TestRefusalsAreTold(t *testing.T) {
	for status, refused := range map[int]bool{400: true, 401: true, 404: true, 410: true, 408: false, 425: false, 429: false, 500: false, 503: false} {
		r := newReceiver(t, func(w http.ResponseWriter, _ string, nth int) {
			if nth == 1 {
				w.WriteHeader(status)
				fmt.Fprint(w, "no\n")
			}
		})
		b := newBox(message("1", "c"))
		failed := newFailures()
		cfg := quick(serve(t, r), b)
		cfg.Report = failed.report
		s, stop := run(t, cfg)
		b.awaitLeft(t) // refused or not, it is tried again
		f := failed.await(t, func(Failure) bool { return true })
		if f.Refused != refused || !strings.Contains(f.Err.Error(), `"no\n"`) {
			t.Errorf("%d: %+v", status, f)
		}
		stop()
		if got := s.Stats().Refused == 1; got != refused {
			t.Errorf("%d: refused in stats: %v", status, got)
		}
	}
}

func TestAttemptUnderWayIsFinishedWhenRunEnds(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	r := newReceiver(t, func(http.ResponseWriter, string, int) {
		close(entered)
		<-release
	})
	b := newBox(messages(5, 1)...)
	s, err := New(quick(serve(t, r), b))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx)
	}()
	<-entered
	cancel()
	close(release)
	<-done
	b.awaitLeft(t, "0001", "0002", "0003", "0004")
}

func TestOutboxThatFailsIsAskedAgain(t *testing.T) {
	r := newReceiver(t, nil)
	b := newBox(messages(3, 3)...)
	b.failures = 3
	failed := newFailures()
	cfg := quick(serve(t, r), b)
	cfg.Report = failed.report
	s, stop := run(t, cfg)
	b.awaitLeft(t)
	f := failed.await(t, func(Failure) bool { return true })
	if f.ID != "" || !strings.Contains(f.Err.Error(), errBox.Error()) {
		t.Errorf("%+v", f)
	}
	stop()
	if stats := s.Stats(); stats.Failed != 0 || stats.LastError == "" || stats.LastErrorAt.IsZero() {
		t.Errorf("%+v", stats)
	}
}

func TestMessageIsNotSentAgainBecauseTheOutboxCouldNotBeTold(t *testing.T) {
	r := newReceiver(t, nil)
	b := newBox(message("1", "c"))
	failed := newFailures()
	cfg := quick(serve(t, r), b)
	r.answer = func(http.ResponseWriter, string, int) {
		b.mu.Lock()
		b.failures = 2
		b.mu.Unlock()
	}
	cfg.Report = failed.report
	run(t, cfg)
	b.awaitLeft(t)
	if n := r.attemptsOf("1"); n != 1 {
		t.Errorf("%d attempts, want 1", n)
	}
	failed.await(t, func(f Failure) bool { return f.ID == "1" && strings.Contains(f.Err.Error(), "has arrived") })
}

func TestErrorsDoNotNameTheURL(t *testing.T) {
	failed := newFailures()
	cfg := quick("http://127.0.0.1:1/hook/token-4711?key=4711", newBox(message("1", "c")))
	cfg.Report = failed.report
	s, stop := run(t, cfg)
	f := failed.await(t, func(Failure) bool { return true })
	stop()
	if strings.Contains(f.Err.Error(), "4711") || strings.Contains(s.Stats().LastError, "4711") {
		t.Errorf("%v", f.Err)
	}
}

func TestCertificateMustBeTrusted(t *testing.T) {
	r := newReceiver(t, nil)
	server := httptest.NewUnstartedServer(r)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)

	b := newBox(message("1", "c"))
	failed := newFailures()
	cfg := quick(server.URL, b)
	cfg.Report = failed.report
	stranger, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	stop := start(stranger)
	f := failed.await(t, func(Failure) bool { return true })
	stop()
	if !strings.Contains(f.Err.Error(), "certificate") || len(r.arrived()) != 0 {
		t.Errorf("%v; arrived %v", f.Err, r.arrived())
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	cfg.TLS = &tls.Config{RootCAs: pool}
	run(t, cfg)
	b.awaitLeft(t)
}

func TestMessagesWithoutACustomerWaitForNoOther(t *testing.T) {
	r := newReceiver(t, func(w http.ResponseWriter, id string, _ int) {
		if id == "1" {
			w.WriteHeader(500)
		}
	})
	b := newBox()
	for _, id := range []string{"1", "2", "3"} {
		b.add(Message{ID: id, Kind: "limit.crossed", Body: fmt.Appendf(nil, `{"id":%q,"x":0}`, id)})
	}
	run(t, quick(serve(t, r), b))
	b.awaitLeft(t, "1")
}

func TestValidateSaysEverythingThatIsWrong(t *testing.T) {
	err := Config{
		URL: "ftp://user:hush-hush@/", Secret: []byte("short"), TLS: &tls.Config{InsecureSkipVerify: true},
		Concurrency: 65, Timeout: -1, RetryMin: time.Hour, RetryMax: time.Minute,
	}.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	for _, want := range []string{
		"the URL begins with neither http:// nor https://",
		"the URL has no host",
		"the URL has a user: messages are known by their signature",
		"secret of 5 bytes, want at least 16",
		"no outbox",
		"certificates must be verified",
		"65 attempts at a time, want 1 to 64",
		"a time is negative",
		"the least pause, 1h0m0s, is longer than the longest, 1m0s",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("not said: %s", want)
		}
	}
	if len(lines) != 9 || strings.Contains(err.Error(), "hush-hush") {
		t.Errorf("%d problems, want 9:\n%v", len(lines), err)
	}
	if _, err := New(Config{URL: "https://127.0.0.1/%zz", Secret: secret, Outbox: newBox()}); err == nil {
		t.Error("a URL that is not readable is taken")
	}
}
