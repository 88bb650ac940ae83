package containers

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// testOptions skips where the engine's means are missing, except in CI.
func testOptions(t *testing.T, engineName string) Options {
	t.Helper()
	opts := Options{Engine: engineName, WorkDir: realtest.ShortDir(t), TrackerBinary: trackerForTests(t)}
	if engineName != engineLocal {
		return opts
	}
	for _, name := range []string{"haproxy", "nginx", "php-fpm*", "bash"} {
		if _, err := lookPath(name, opts.searchPath()); err != nil {
			realtest.Missing(t, err)
		}
	}
	return opts
}

// trackerForTests builds the tracker once for all tests of the package.
func trackerForTests(t *testing.T) string {
	t.Helper()
	binary, err := buildTracker()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

var buildTracker = sync.OnceValues(func() (string, error) {
	var err error
	if testBinaries, err = os.MkdirTemp("", "hb"); err != nil {
		return "", err
	}
	binary := filepath.Join(testBinaries, "quota-tracker")
	build := exec.Command("go", "build", "-o", binary, "../cmd/quota-tracker")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the tracker: %w\n%s", err, output)
	}
	return binary, nil
})

// testBinaries is where tests keep programs that they build; empty if none did.
var testBinaries string

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownerVariable); dir != "" {
		os.Exit(ownLabUntilKilled(dir))
	}
	code := m.Run()
	if testBinaries != "" {
		_ = os.RemoveAll(testBinaries)
	}
	os.Exit(code)
}

func labScenario(proxies, webs, trackers int) harness.Scenario {
	topology := harness.Topology{harness.TierBackend: {Kind: "web", Count: webs}}
	if proxies > 0 {
		topology[harness.TierProxy] = harness.Tier{Kind: "haproxy", Count: proxies}
	}
	if trackers > 0 {
		topology[harness.TierTracker] = harness.Tier{Kind: "quota-tracker", Count: trackers}
	}
	return harness.Scenario{Topology: topology, Workload: harness.Workload{Customers: 3, Hosts: 1}}
}

func startLab(t *testing.T, sc harness.Scenario, opts Options) *lab {
	t.Helper()
	began := time.Now()
	l, err := Start(t.Context(), sc, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d nodes up in %v", len(l.Nodes()), time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l.(*lab)
}

// answer is what a client sees of one answer.
type answer struct {
	Status  int
	Size    int
	PHP     bool // the application's own mark
	Dynamic bool // the mark for the proxy, which must not get out
}

// ask sends one attempt over a connection of its own.
func ask(t *testing.T, e harness.Endpoint, secure bool, method, host, path, seq string) answer {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(e.RootPEM)
	url, at := "http://"+host+path, e.HTTP
	if secure {
		url, at = "https://"+host+path, e.HTTPS
	}
	transport := &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{RootCAs: pool},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, at)
		},
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if seq != "" {
		req.Header.Set(harness.SeqHeader, seq)
	}
	response, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return answer{
		Status: response.StatusCode, Size: len(body),
		PHP:     response.Header.Get(harness.PHPHeader) == "1",
		Dynamic: response.Header.Get(harness.DynamicHeader) != "",
	}
}

// patience is for what even a machine that is short of time ought to do.
const patience = 2 * time.Minute

func timeLimit(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}
