package containers

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

func TestConformanceOfProcessEngine(t *testing.T) { testConformance(t, "process") }

// limitCPUs is low, so that the limit and not a busy machine holds a node back.
const limitCPUs = 0.2

// testConformance proves that an engine gives a lab that does what witnesses,
// drivers and checks rely on.
func testConformance(t *testing.T, engineName string) {
	opts := testOptions(t, engineName)
	sc := labScenario(1, 2, 1)
	sc.Topology[harness.TierBackend] = harness.Tier{Kind: "web", Count: 2, CPUs: limitCPUs}
	l := startLab(t, sc, opts)
	t.Run("ProxyHasNothingToWarnOf", func(t *testing.T) { proxyWarnsOfNothing(t, l) })
	t.Run("AnswersAreWhatTheURLAsksFor", func(t *testing.T) { answersAsAsked(t, l) })
	t.Run("CertificateHoldsForTheLabsHostsOnly", func(t *testing.T) { certificateHolds(t, l) })
	t.Run("WebNodesAnswerDirectly", func(t *testing.T) { answersDirectly(t, l) })
	t.Run("NodesSayTheirVersions", func(t *testing.T) { nodesDescribed(t, l) })
	direct := len(l.Endpoints(harness.RouteDirect)) // attempts that pass no proxy
	t.Run("UsageGrowsWithWork", func(t *testing.T) { direct += usageGrows(t, l) })
	t.Run("OpenConnectionKeepsItUnsettled", func(t *testing.T) { openConnectionUnsettles(t, l) })
	t.Run("AnswerUnderWayKeepsItUnsettled", func(t *testing.T) { direct += answerUnsettles(t, l) })
	t.Run("WitnessesAgreeOnceSettled", func(t *testing.T) { witnessesAgree(t, l) })
	t.Run("LogLinesHaveTheirFormat", func(t *testing.T) { logLinesExact(t, l, direct) })
	t.Run("CountsAreExactAfterABurst", func(t *testing.T) { exactAfterBurst(t, l) })
	t.Run("DeadNodeIsReported", func(t *testing.T) { deadNodeReported(t, l) })
	t.Run("CloseLeavesNothing", func(t *testing.T) { closeLeavesNothing(t, l, opts) })
}

func proxyWarnsOfNothing(t *testing.T, l *lab) {
	notices := l.plan.of(harness.TierProxy)[0].process.logTail(t.Context(), 50)
	if len(notices) == 0 {
		t.Error("no notices at all: HAProxy always says that its worker started")
	}
	for _, line := range notices {
		if strings.Contains(line, "[WARNING]") || strings.Contains(line, "[ALERT]") {
			t.Errorf("HAProxy says %s", line)
		}
	}
}

// questions are one attempt each: c0000 is asked for PHP five times, c0001 once
// and c0002 never; ads hosts are nobody's.
var questions = []struct {
	method, host, path string
	secure             bool
	want               answer
}{
	{"GET", "c0000.customers.test", "/shop/item/17?status=200&size=512&work=300", false, answer{Status: 200, Size: 512, PHP: true}},
	{"GET", "c0000.customers.test", "/?status=404&size=10", true, answer{Status: 404, Size: 10, PHP: true}},
	{"GET", "c0000.customers.test", "/x.php?status=500&size=70000", true, answer{Status: 500, Size: 70000, PHP: true}},
	{"GET", "c0000.customers.test", "/old?status=302", false, answer{Status: 302, PHP: true}},
	{"HEAD", "C0000.customers.test", "/head?size=99", true, answer{Status: 200, PHP: true}}, // hosts have no case
	{"GET", "c0001.customers.test:8080", "/?size=1", false, answer{Status: 200, Size: 1, PHP: true}},
	{"GET", "c0002.customers.test", "/static/1k.css", false, answer{Status: 200, Size: 1024}},
	{"GET", "c0002.customers.test", "/static/10k.js", true, answer{Status: 200, Size: 10240}},
	{"GET", "c0002.customers.test", "/static/100k.bin", true, answer{Status: 200, Size: 102400}},
	{"GET", "a0000.ads.test", "/pixel.gif", true, answer{Status: 200, Size: 43}},
	{"GET", "a0000.ads.test", "/beacon", true, answer{Status: 204}},
	{"GET", "a0000.ads.test", "/bid?size=5", false, answer{Status: 200, Size: 5, PHP: true}},
	{"GET", "c0003.customers.test", "/", false, answer{Status: 421}}, // nobody's: there are three customers
}

func answersAsAsked(t *testing.T, l *lab) {
	proxy := l.Endpoints(harness.RouteProxy)[0]
	for i, q := range questions {
		got := ask(t, proxy, q.secure, q.method, q.host, q.path, fmt.Sprint(i+1))
		if diff := cmp.Diff(q.want, got); diff != "" {
			t.Errorf("%s %s%s (-want +got):\n%s", q.method, q.host, q.path, diff)
		}
	}
}

func certificateHolds(t *testing.T, l *lab) {
	proxy := l.Endpoints(harness.RouteProxy)[0]
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(proxy.RootPEM)
	for host, valid := range map[string]bool{"a0001.ads.test": true, "c0001.customers.test": true, "example.test": false} {
		config := &tls.Config{RootCAs: pool, ServerName: host, NextProtos: []string{"h2", "http/1.1"}}
		conn, err := tls.Dial("tcp", proxy.HTTPS, config)
		if (err == nil) != valid {
			t.Errorf("certificate for %s: %v", host, err)
		}
		if err != nil {
			continue
		}
		if alpn := conn.ConnectionState().NegotiatedProtocol; alpn != "http/1.1" {
			t.Errorf("ALPN chose %q, want http/1.1", alpn)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

func answersDirectly(t *testing.T, l *lab) {
	for _, e := range l.Endpoints(harness.RouteDirect) {
		if e.HTTPS != "" {
			t.Errorf("%s claims HTTPS", e.Node)
		}
		got := ask(t, e, false, "GET", "direct.invalid", "/any?status=404&size=3", "")
		if diff := cmp.Diff(answer{Status: 404, Size: 3, PHP: true, Dynamic: true}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", e.Node, diff)
		}
	}
}

func nodesDescribed(t *testing.T, l *lab) {
	versions := map[string]string{
		"haproxy": `^\d+\.\d+\.\d+$`, "web": `^nginx \d+\.\d+\.\d+, PHP \d+\.\d+\.\d+`, "quota-tracker": `.`,
	}
	var names []string
	for _, n := range l.Nodes() {
		names = append(names, n.Name)
		if !regexp.MustCompile(versions[n.Kind]).MatchString(n.Version) {
			t.Errorf("%s says version %q", n.Name, n.Version)
		}
		if n.Limited && n.CPUs == 0 {
			t.Errorf("%s is limited without a limit", n.Name)
		}
	}
	if diff := cmp.Diff([]string{"backend1", "backend2", "proxy1", "tracker1"}, names); diff != "" {
		t.Errorf("nodes (-want +got):\n%s", diff)
	}
}

// usageGrows burns 100 ms of CPU on one node and looks for it there. Whether the
// limit is in force depends on the machine; where it is, it must show. It returns how
// often it asked.
func usageGrows(t *testing.T, l *lab) (asked int) {
	before, err := l.Usage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	direct := l.Endpoints(harness.RouteDirect)[1]
	began := time.Now()
	work := func() {
		asked++
		ask(t, direct, false, "GET", "direct.invalid", "/?work=100000", "")
	}
	work()
	took := time.Since(began)
	after, err := l.Usage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(after, func(u harness.Usage) bool { return u.Node == direct.Node })
	spent := after[i].CPU - before[i].CPU
	if spent < 90*time.Millisecond || spent > 300*time.Millisecond { // clock ticks of 10 ms, and nginx
		t.Errorf("%s spent %v on 100 ms of work", direct.Node, spent)
	}
	if !l.Nodes()[i].Limited {
		t.Logf("no CPU limit in force: %s", after[i].Unknown)
		return asked
	}
	if took < 350*time.Millisecond {
		t.Errorf("100 ms of work on %v cores took %v", limitCPUs, took)
	}
	// A busy machine may deal out less than the limit for a while.
	err = await(timeLimit(t, patience), "throttled", func(ctx context.Context) error {
		usage, err := l.Usage(ctx)
		if err == nil && usage[i].Throttled == before[i].Throttled {
			err = fmt.Errorf("in none of %d periods", usage[i].Periods-before[i].Periods)
			work()
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return asked
}

// unsettled wants a lab to say in time what keeps it from settling, and not to settle
// meanwhile. On a busy machine a look may take longer than it is given.
func unsettled(t *testing.T, l *lab, said func(missing []string) bool) {
	t.Helper()
	err := await(timeLimit(t, patience), "what is missing", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		defer cancel()
		s, err := l.Settle(ctx)
		if err == nil && s.Settled {
			t.Fatalf("settled: %+v", s)
		}
		if err == nil && !said(s.Missing) {
			err = fmt.Errorf("%q", s.Missing)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func openConnectionUnsettles(t *testing.T, l *lab) {
	conn, err := net.Dial("tcp", l.Endpoints(harness.RouteProxy)[0].HTTP)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(conn, "GET /beacon HTTP/1.1\r\nHost: a0000.ads.test\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil {
		t.Fatal(err)
	}
	unsettled(t, l, func(missing []string) bool {
		return len(missing) == 1 && strings.HasPrefix(missing[0], "proxy1: 1 sessions of clients")
	})
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

// answerUnsettles looks while PHP works on an answer. It asks again, and returns how
// often it asked, where the answer came before the look was over.
func answerUnsettles(t *testing.T, l *lab) (asked int) {
	web := l.plan.of(harness.TierBackend)[0]
	for asked < 10 {
		asked++
		done := make(chan error, 1)
		go func() {
			_, _, err := get(t.Context(), "http://"+web.at(ports.HTTP)+"/?work=500000")
			done <- err
		}()
		err := await(timeLimit(t, patience), "work", func(ctx context.Context) error {
			if webBusy(ctx, web) == nil && len(done) == 0 {
				return errors.New("not busy yet")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		s, err := l.Settle(timeLimit(t, 400*time.Millisecond))
		answered := len(done) > 0
		if s.Settled && !answered {
			t.Fatalf("settled while PHP worked: %+v", s)
		}
		if err := errors.Join(err, <-done); err != nil {
			t.Fatal(err)
		}
		if !answered && slices.Contains(s.Missing, "backend1: 0 requests being read and 1 answered") {
			return asked
		}
	}
	t.Errorf("asked %d times, and PHP never kept the lab from settling", asked)
	return asked
}

// witnessesAgree compares every witness with what was asked, key by key.
func witnessesAgree(t *testing.T, l *lab) {
	wantLedgers(t, l, harness.Ledger{"c0000": {Sure: 5}, "c0001": {Sure: 1}})
}

// wantLedgers settles and compares the ledgers of all witnesses.
func wantLedgers(t *testing.T, l *lab, want harness.Ledger) {
	t.Helper()
	s, err := l.Settle(t.Context())
	if err != nil || !s.Settled {
		t.Fatalf("not settled: %+v %v", s, err)
	}
	var names []string
	for _, w := range l.Witnesses() {
		names = append(names, w.Name())
		got, err := w.Testify(t.Context())
		if err != nil {
			t.Errorf("%s: %v", w.Name(), err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", w.Name(), diff)
		}
	}
	wantNames := []string{harness.WitnessOrigin, harness.WitnessStickTable, harness.WitnessProxyLog, harness.WitnessTracker}
	if diff := cmp.Diff(wantNames, names); diff != "" {
		t.Errorf("witnesses (-want +got):\n%s", diff)
	}
}

// exactAfterBurst sends from several connections at once.
func exactAfterBurst(t *testing.T, l *lab) {
	const connections, each = 8, 150
	at := l.Endpoints(harness.RouteProxy)[0].HTTP
	var group sync.WaitGroup
	for range connections {
		group.Go(func() {
			if err := burst(t.Context(), at, each); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	wantLedgers(t, l, harness.Ledger{"c0000": {Sure: 5}, "c0001": {Sure: 1}, "c0002": {Sure: connections * each}})
}

// burst asks PHP over one connection that is kept.
func burst(ctx context.Context, at string, attempts int) (err error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	answers := bufio.NewReader(conn)
	for range attempts {
		if _, err := io.WriteString(conn, "GET /?size=100 HTTP/1.1\r\nHost: c0002.customers.test\r\n\r\n"); err != nil {
			return err
		}
		response, err := http.ReadResponse(answers, nil)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			return err
		}
		if response.StatusCode != http.StatusOK || response.Header.Get(harness.PHPHeader) == "" {
			return fmt.Errorf("status %s, PHP header %q", response.Status, response.Header.Get(harness.PHPHeader))
		}
	}
	return nil
}

var (
	proxyLine  = regexp.MustCompile(`^attempt seq=(-|\d+) customer=(-|c\d{4}) php=[+-]PHP status=\d{3} time=\d+ bytes=\d+ term=\S{4} backend=\S+ server=\S+ tls=[01] pid=\d+ stopping=0 drained=0$`)
	originLine = regexp.MustCompile(`^seq=(-|\d+) host=\S+ dynamic=(yes|-) status=\d{3} method=[A-Z]+ bytes=\d+ uri=/\S*$`)
)

// logLinesExact wants one line per attempt, and nothing for checks and pages.
func logLinesExact(t *testing.T, l *lab, direct int) {
	attempts := len(questions) + 1 // and the one of the open connection
	proxied := linesOf(t, l, harness.TierProxy, "haproxy.log")
	proxied = slices.DeleteFunc(proxied, func(line string) bool { return !strings.HasPrefix(line, "attempt ") })
	eachMatches(t, proxied, proxyLine, attempts)
	origin := linesOf(t, l, harness.TierBackend, "origin.log")
	eachMatches(t, origin, originLine, attempts-1+direct) // all but the unknown host
	want := []string{
		"seq=1 customer=c0000 php=+PHP status=200 ", " term=---- backend=be_c0000 server=backend", " tls=0",
	}
	for _, part := range want {
		if !strings.Contains(proxied[0], part) {
			t.Errorf("first line %q lacks %q", proxied[0], part)
		}
	}
}

func linesOf(t *testing.T, l *lab, tier, path string) []string {
	t.Helper()
	var lines []string
	for _, n := range l.plan.of(tier) {
		log, err := n.process.open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(log)
		if err != nil {
			t.Fatal(err)
		}
		_ = log.Close()
		lines = append(lines, strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")...)
	}
	return lines
}

func eachMatches(t *testing.T, lines []string, format *regexp.Regexp, want int) {
	t.Helper()
	if len(lines) != want {
		t.Errorf("%d lines, want %d:\n%s", len(lines), want, strings.Join(lines, "\n"))
	}
	for _, line := range lines {
		if !format.MatchString(line) {
			t.Errorf("line %q does not match %v", line, format)
		}
	}
}

// deadNodeReported ends the tracker behind the lab's back.
func deadNodeReported(t *testing.T, l *lab) {
	if failures := l.Failures(); len(failures) > 0 {
		t.Fatalf("failures before any: %+v", failures)
	}
	tracker := l.plan.of(harness.TierTracker)[0]
	if err := tracker.process.stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	failures := l.Failures()
	if len(failures) != 1 || failures[0].Node != "tracker1" || failures[0].Reason == "" || len(failures[0].Log) == 0 {
		t.Errorf("failures: %+v", failures)
	}
	if s, err := l.Settle(timeLimit(t, 500*time.Millisecond)); err != nil || s.Settled {
		t.Errorf("settled without its tracker: %+v %v", s, err)
	}
}

func closeLeavesNothing(t *testing.T, l *lab, opts Options) {
	var addresses []string
	for _, e := range append(l.Endpoints(harness.RouteProxy), l.Endpoints(harness.RouteDirect)...) {
		addresses = append(addresses, e.HTTP)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, at := range addresses {
		if !netip.MustParseAddrPort(at).Addr().IsLoopback() {
			continue // its network is gone: whoever answers now is no concern of ours
		}
		conn, err := net.DialTimeout("tcp", at, 200*time.Millisecond)
		if err == nil {
			_ = conn.Close()
			t.Errorf("%s still listens", at)
		}
	}
	if left, err := os.ReadDir(filepath.Join(opts.WorkDir, "labs")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if pids := processesIn(opts.WorkDir); len(pids) > 0 {
		t.Errorf("processes %v live", pids)
	}
	if failures := l.Failures(); len(failures) != 1 { // the tracker's, from before
		t.Errorf("failures after Close: %+v", failures)
	}
	if err := l.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}
