package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/receiver"
)

// receiving starts a receiver for the time of a test.
func receiving(t *testing.T) (s *receiver.Server, url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s = receiver.New(l, 0)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s, "http://" + l.Addr().String() + "/"
}

// driven runs drive and returns its result.json too.
func driven(t *testing.T, args ...string) (outcome, harness.Result) {
	t.Helper()
	dir := t.TempDir()
	got := haproof(t, append([]string{"drive", "--out", dir, "--json"}, args...)...)
	var result harness.Result
	if err := json.Unmarshal([]byte(got.stdout), &result); err != nil {
		t.Fatalf("%v in %.200q; stderr %s", err, got.stdout, got.stderr)
	}
	return got, result
}

func TestDriveSendsEachRequestOnceAndSaysSo(t *testing.T) {
	for _, by := range []string{"wire", "vegeta"} {
		t.Run(by, func(t *testing.T) {
			s, url := receiving(t)
			got, result := driven(t, "--driver", by, "--rate", "500/s", "--requests", "300", url+"?size=10", url+"?size=20")
			seen := map[uint64]int{}
			for _, r := range s.Arrivals() {
				seen[r.Seq]++
			}
			if got.code != exitPass || len(seen) != 300 || s.Totals() != (receiver.Totals{Arrived: 300}) {
				t.Errorf("code %d, %d ids, %+v; stderr %s", got.code, len(seen), s.Totals(), got.stderr)
			}
			sum := result.Cells[0].Trials[0].Summary
			if sum.OK != 300 || sum.BytesIn != 150*10+150*20 || sum.Statuses[200] != 300 {
				t.Errorf("summary %+v", sum)
			}
		})
	}
}

func TestDriveIsAGate(t *testing.T) {
	_, url := receiving(t)
	for _, row := range []struct {
		slo, query string
		code       int
	}{
		{"", "", exitPass},
		{"", "status=503", exitFail},
		{"errors<=0%", "status=399", exitPass},
		{"errors<=100%", "status=503", exitPass},
		{"max<10s,errors<=0%", "", exitPass},
		{"p50<1ms", "delay=20ms", exitFail},
	} {
		args := []string{"--rate", "100/s", "--requests", "20", url + "?" + row.query}
		if row.slo != "" {
			args = append(args, "--slo", row.slo)
		}
		if got, _ := driven(t, args...); got.code != row.code {
			t.Errorf("%q with %q: code %d, want %d; stderr %s", row.query, row.slo, got.code, row.code, got.stderr)
		}
	}
}

// heard is what a server sees of a request.
type heard struct{ Method, Host, Path, Agent, Extra, Body string }

func TestDriveAsksWhatTheTargetsSay(t *testing.T) {
	var all []heard
	asked := make(chan heard, 10)
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		asked <- heard{r.Method, r.Host, r.RequestURI, r.UserAgent(), r.Header.Get("X-Extra"), body.String()}
	}))
	defer server.Close()
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	body := filepath.Join(dir, "body")
	targets := filepath.Join(dir, "targets")
	for name, text := range map[string]string{
		ca: string(certificate), body: "hello",
		targets: "GET " + server.URL + "/a?b=c\nHost: example.com\n\nPUT " + server.URL + "/d\nX-Extra: e\n@" + body + "\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	results := filepath.Join(dir, "results.json")
	got, _ := driven(t, "--rate", "50/s", "--requests", "2", "--targets", targets, "--ca", ca, "-H", "User-Agent: me", "--results", results)
	if got.code != exitPass {
		t.Fatalf("code %d, stderr %s, stdout %s", got.code, got.stderr, got.stdout)
	}
	close(asked)
	for h := range asked {
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b heard) int { return strings.Compare(a.Path, b.Path) }) // nobody promises who is served first
	address := strings.TrimPrefix(server.URL, "https://")
	want := []heard{{"GET", "example.com", "/a?b=c", "me", "", ""}, {"PUT", address, "/d", "me", "e", "hello"}}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if text, err := os.ReadFile(results); err != nil || strings.Count(string(text), `"code":200`) != 2 {
		t.Errorf("results %q %v", text, err)
	}
}

func TestDriveRefusesWhatCannotBeDriven(t *testing.T) {
	for reason, args := range map[string][]string{
		"want URLs":                    {"--rate", "1/s"},
		`"" is no rate such as 2000/s`: {"http://127.0.0.1:1/"},
		`"7" is no rate`:               {"--rate", "7", "http://127.0.0.1:1/"},
		"is no URL":                    {"--rate", "1/s", "127.0.0.1:1"},
		"keep one of them":             {"--rate", "1/s", "--requests", "1", "--duration", "1s", "http://127.0.0.1:1/"},
		"more than the limit":          {"--rate", "1/s", "--requests", "30000000", "http://127.0.0.1:1/"},
		"is no objective":              {"--rate", "1/s", "--slo", "fast", "http://127.0.0.1:1/"},
		`unknown option "p42"`:         {"--rate", "1/s", "--slo", "p42<1s", "http://127.0.0.1:1/"},
		"ends in .gob":                 {"--rate", "1/s", "--results", "x.bin", "http://127.0.0.1:1/"},
		"--targets: open":              {"--rate", "1/s", "--targets", "nowhere"},
		`unknown driver "k6"`:          {"--rate", "1/s", "--driver", "k6", "http://127.0.0.1:1/"},
		"over TLS and in clear":        {"--rate", "1/s", "http://127.0.0.1:1/", "https://127.0.0.1:1/"},
	} {
		refused(t, haproof(t, append([]string{"drive"}, args...)...), reason)
	}
}

func TestDriveSaysThatNobodyAnswers(t *testing.T) {
	got := haproof(t, "drive", "--rate", "20/s", "--requests", "10", "http://127.0.0.1:1/")
	if got.code != exitFail || !strings.Contains(got.stdout, "10 connect") {
		t.Errorf("code %d, stdout %s", got.code, got.stdout)
	}
}
