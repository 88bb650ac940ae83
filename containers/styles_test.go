package containers

import (
	"bufio"
	"context"
	"errors"
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

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/runtimeapi"
)

func TestExactKeysCountAcrossReloadsInProcesses(t *testing.T) {
	testExactKeys(t, testOptions(t, engineLocal))
}

func TestExactKeysCountAcrossReloadsInContainers(t *testing.T) {
	needDocker(t)
	for _, version := range HAProxyVersions() {
		t.Run(version, func(t *testing.T) {
			opts := testOptions(t, engineDocker)
			opts.HAProxy = version
			testExactKeys(t, opts)
		})
	}
}

// testExactKeys has two trackers count what three processes answer, of which two are
// stopping and still answer clients that had come before.
func testExactKeys(t *testing.T, opts Options) {
	l := &styled{lab: startLab(t, labScenario(1, 1, 2), opts), want: harness.Ledger{}}
	begun := l.serveAcrossReloads(t)
	said := l.testimonies(t)
	drained := logged(t, l.lab, " drained=1")
	for customer, n := range begun {
		if drained[customer].Sure < n.Sure {
			t.Errorf("of %s stopping processes logged %d, want %d at least", customer, drained[customer].Sure, n.Sure)
		}
	}
	for name, got := range said {
		want := l.want
		if name == harness.WitnessStickTable { // it lacks what was logged instead of counted
			want = l.without(drained)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for _, line := range linesOf(t, l.lab, harness.TierProxy, "haproxy.log") {
		if stopping := strings.Contains(line, " stopping=1 "); strings.HasPrefix(line, "attempt ") && stopping != strings.HasSuffix(line, " drained=1") {
			t.Errorf("line %q", line)
		}
	}
}

func TestPlainKeysNeverOvercountInProcesses(t *testing.T) {
	testPlainKeys(t, testOptions(t, engineLocal))
}

func TestPlainKeysNeverOvercountInContainers(t *testing.T) {
	needDocker(t)
	testPlainKeys(t, testOptions(t, engineDocker))
}

// testPlainKeys sees what the talk's configuration loses: what stopping processes
// answer. More is lost where one process overwrites what another one counted.
func testPlainKeys(t *testing.T, opts Options) {
	sc := labScenario(1, 1, 1)
	sc.Topology[harness.TierProxy] = harness.Tier{Kind: "haproxy", Keys: harness.KeysPlain}
	l := &styled{lab: startLab(t, sc, opts), want: harness.Ledger{}}
	l.serveAcrossReloads(t)
	said := l.testimonies(t)
	stopping := logged(t, l.lab, " stopping=1 ")
	for name, got := range said {
		if name == harness.WitnessOrigin || name == harness.WitnessProxyLog {
			if diff := cmp.Diff(l.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			continue
		}
		for customer, n := range l.without(stopping) {
			if counted := got[customer].Sure; counted == 0 || counted > n.Sure {
				t.Errorf("%s: counts %d of %s, want 1 to %d", name, counted, customer, n.Sure)
			}
		}
		if len(got) > len(l.without(stopping)) {
			t.Errorf("%s: counts %v, want nothing of what stopping processes answered: %v", name, got, stopping)
		}
	}
}

// styled is a lab with what its customers must be charged.
type styled struct {
	*lab
	want harness.Ledger
}

func (l *styled) page(t *testing.T, customer string) {
	t.Helper()
	l.pageAt(t, 0, customer)
}

func (l *styled) pageAt(t *testing.T, proxy int, customer string) {
	t.Helper()
	got := ask(t, l.Endpoints(harness.RouteProxy)[proxy], true, "GET", customer+".customers.test", "/?size=10", "1")
	if diff := cmp.Diff(answer{Status: 200, Size: 10, PHP: true}, got); diff != "" {
		t.Fatalf("page (-want +got):\n%s", diff)
	}
	l.charge(customer)
}

func (l *styled) charge(customer string) {
	l.want[customer] = harness.Tally{Sure: l.want[customer].Sure + 1}
}

// without is what must be charged, less other charges.
func (l *styled) without(others harness.Ledger) harness.Ledger {
	less := harness.Ledger{}
	for customer, n := range l.want {
		if left := n.Sure - others[customer].Sure; left > 0 {
			less[customer] = harness.Tally{Sure: left}
		}
	}
	return less
}

// serveAcrossReloads reloads three times, the last two at once, with attempts under way
// that then get their answers from processes which are stopping. It returns those. More
// may get theirs so, from a process that had not heard yet that it is to stop.
func (l *styled) serveAcrossReloads(t *testing.T) harness.Ledger {
	t.Helper()
	reload := harness.Fault{Do: harness.FaultReload, Node: "proxy1"}
	l.page(t, "c0000")
	first := l.begin(t, "c0000", "c0001")
	if _, err := l.Disturb(t.Context(), reload); err != nil {
		t.Fatal(err)
	}
	l.page(t, "c0000")
	l.told(t)
	second := l.begin(t, "c0001")
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			began := time.Now()
			if _, err := l.Disturb(t.Context(), reload); err != nil {
				t.Error(err)
			}
			t.Logf("reloaded in %v", time.Since(began).Round(time.Millisecond))
		})
	}
	group.Wait()
	l.page(t, "c0002")
	// The third has nobody to serve, and ends when it has handed its table over.
	unsettled(t, l.lab, func(missing []string) bool { return slices.Contains(missing, "proxy1: 2 old workers still serve") })
	stopping := harness.Ledger{}
	for _, u := range slices.Concat(first, second) {
		u.finish(t)
		l.charge(u.customer)
		stopping[u.customer] = harness.Tally{Sure: stopping[u.customer].Sure + 1}
	}
	l.page(t, "c0000")
	return stopping
}

// told waits until the proxy has told everything. What it had not when the reload after
// the next one comes could be lost.
func (l *styled) told(t *testing.T) {
	t.Helper()
	api := runtimeapi.New(l.plan.of(harness.TierProxy)[0].at(ports.Runtime))
	err := await(timeLimit(t, patience), "everything told", func(ctx context.Context) error {
		sections, err := api.ShowPeers(ctx)
		if quiet, left := runtimeapi.Quiet(sections); err == nil && !quiet {
			err = errors.New(left)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// testimonies settles and asks all witnesses.
func (l *styled) testimonies(t *testing.T) map[string]harness.Ledger {
	t.Helper()
	s, err := l.Settle(t.Context())
	if err != nil || !s.Settled {
		t.Fatalf("not settled: %+v %v", s, err)
	}
	t.Logf("settled in %v", s.Took.Round(time.Millisecond))
	said := map[string]harness.Ledger{}
	for _, w := range l.Witnesses() {
		if said[w.Name()], err = w.Testify(t.Context()); err != nil {
			t.Errorf("%s: %v", w.Name(), err)
		}
	}
	if want := 3 + len(l.plan.of(harness.TierTracker)); len(said) != want {
		t.Errorf("%d witnesses, want %d", len(said), want)
	}
	return said
}

// underWay is an attempt of which the proxy has the header, and not all of the body.
type underWay struct {
	customer string
	conn     net.Conn
}

// begin has the serving process take an attempt of each customer.
func (l *styled) begin(t *testing.T, customers ...string) []underWay {
	t.Helper()
	var begun []underWay
	for _, customer := range customers {
		conn, err := net.Dial("tcp", l.Endpoints(harness.RouteProxy)[0].HTTP)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if _, err := fmt.Fprintf(conn, "POST /?size=10 HTTP/1.1\r\nHost: %s.customers.test\r\nX-Haproof-Seq: 2\r\nContent-Length: 1\r\n\r\n", customer); err != nil {
			t.Fatal(err)
		}
		begun = append(begun, underWay{customer, conn})
	}
	api := runtimeapi.New(l.plan.of(harness.TierProxy)[0].at(ports.Runtime))
	err := await(timeLimit(t, patience), "attempts under way", func(ctx context.Context) error {
		rows, err := api.ShowStat(ctx)
		for _, row := range rows {
			if row["pxname"] == "traffic" && row["svname"] == "FRONTEND" && row["scur"] != fmt.Sprint(len(customers)) {
				err = errors.Join(err, fmt.Errorf("%s sessions", row["scur"]))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return begun
}

// finish sends what is missing and reads the answer.
func (u underWay) finish(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(u.conn, "x"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(u.conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err = errors.Join(err, u.conn.Close()); err != nil || response.StatusCode != http.StatusOK || len(body) != 10 {
		t.Fatalf("status %s, %d bytes, %v", response.Status, len(body), err)
	}
}
