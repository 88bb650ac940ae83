package daemon

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// promises are what the blocks under a heading must print.
var promises = map[string][]string{
	"3. The tracker":            {"the configuration is valid"},
	"4. HAProxy":                {"Configuration file is valid"},
	"Asking it":                 {`"customer":"example.test"`, "customer,start,count\nexample.test,", `"total":1`, `"resync":"finished"`, `"states":[]`, "retry: "},
	"Billing":                   {"customer,hour,count\nexample.test,", "every total is the sum of its parts"},
	"Backup, moving, upgrading": {"counted 1,", "every total is the sum of its parts"},
}

// Every block of commands of the page, in its order, on a machine on which nothing was
// set up before.
func TestThePageLeadsToACountedCustomer(t *testing.T) {
	s := newSite(t)
	printed := make(map[string]string)
	var tracker, haproxy *service
	for _, b := range blocksOf(t, "sh") {
		if strings.HasSuffix(b.heading, "A counted customer") {
			tracker, haproxy = s.up()
		}
		printed[b.heading] += s.sh(b.text)
		if strings.HasSuffix(b.heading, "A counted customer") {
			s.awaitTotals(map[string]uint64{"example.test": 1})
		}
	}
	for heading, texts := range promises {
		for _, text := range texts {
			if !strings.Contains(printed[heading], text) {
				t.Errorf("%s: got %q, want %q in it", heading, printed[heading], text)
			}
		}
	}
	if tracker.said("peers are not authenticated") > 0 || tracker.said(`msg="session opened" source=hap1`) == 0 {
		t.Error("HAProxy did not come over mutual TLS")
	}
	if err := haproxy.Process.Signal(syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	realtest.Until(t, "the new process told everything", func() bool {
		status, _ := s.get(s.host+":8405", "", "/readyz")
		return status == http.StatusOK && tracker.said("session opened") == 2 && tracker.said("session ended") == 1
	})
	s.charge("example.test")
	s.awaitTotals(map[string]uint64{"example.test": 2})
	s.demandToken()
}

// awaitTotals asks the tracker until it says what it should.
func (s *site) awaitTotals(want map[string]uint64) {
	s.t.Helper()
	r := &running{t: s.t, http: s.host + ":8405"}
	realtest.Until(s.t, fmt.Sprint("counted: ", want), func() bool { return cmp.Equal(r.totals(), want) })
}

// demandToken asks an API with the certificates of the page and a token, and without.
func (s *site) demandToken() {
	s.t.Helper()
	const token = "0123456789abcdef0123456789abcdef"
	s.t.Setenv("QUOTA_TRACKER_TOKENS", token)
	r := start(s.t, "-store=none", "-http", s.host+":0", "-http-cert", s.here("/etc/peers/tracker.crt"), "-http-key", s.here("/etc/peers/tracker.key"))
	ask := strings.ReplaceAll(blocksOf(s.t, "sh token")[0].text, "127.0.0.1:8405", r.http)
	if got := s.sh(ask, "token="+token); !strings.Contains(got, `"total":0`) {
		s.t.Errorf("with the token: got %q", got)
	}
	if got := s.sh(ask, "token=another"); !strings.Contains(got, "give a token") {
		s.t.Errorf("with another token: got %q", got)
	}
	r.end()
}

// delivery is what the webhook of a site has received.
type delivery struct{ signature, body string }

func TestTheExampleFilesCountDenyAndTell(t *testing.T) {
	s := newSite(t)
	told := make(chan delivery, 100)
	s.serve("8082", func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		told <- delivery{r.Header.Get("Haproof-Signature"), string(body)}
	})
	s.install("haproxy.cfg", "/etc/haproxy/haproxy.cfg")
	s.install("quota-tracker.yaml", "/etc/quota-tracker/quota-tracker.yaml",
		"month: 100000,", "month: 3,", "# webhook:", "webhook:", "https://billing.example.com", "http://127.0.0.1:8082")
	if err := os.MkdirAll(s.here("/var/lib/quota-tracker"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.sh("haproxy -c -f /etc/haproxy/haproxy.cfg")
	const secret = "QUOTA_TRACKER_WEBHOOK_SECRET=sixteen bytes at least"
	s.up(secret)
	for range 3 {
		s.charge("free.test")
		s.charge("example")
	}
	realtest.Until(t, "free.test denied", func() bool {
		status, err := s.get(s.host+":8080", "free.test", "/")
		return err == nil && status == http.StatusTooManyRequests
	})
	s.charge("example") // has another plan
	var first delivery
	select {
	case first = <-told:
	case <-time.After(patience):
		t.Fatalf("after %v: the webhook was told nothing", patience)
	}
	if want := `"customer":"free.test","plan":"free"`; !strings.Contains(first.body, want) {
		t.Errorf("webhook: got %s, want %s in it", first.body, want)
	}
	check := blocksOf(t, "sh webhook")[0].text
	body := filepath.Join(s.root, "root/body")
	for text, want := range map[string]string{first.body: "genuine\n", strings.Replace(first.body, "free", "gold", 1): ""} {
		if err := os.WriteFile(body, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := s.sh(check+"true", secret, "signature="+first.signature); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestTheExampleFilesCountWhatAStoppingProcessAnswers(t *testing.T) {
	s := newSite(t)
	s.install("haproxy-drain.cfg", "/etc/haproxy/haproxy.cfg")
	s.install("quota-tracker.yaml", "/etc/quota-tracker/quota-tracker.yaml")
	if err := os.MkdirAll(s.here("/var/lib/quota-tracker"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.sh("haproxy -c -f /etc/haproxy/haproxy.cfg")
	tracker, haproxy := s.up()
	s.charge("free.test")
	answered := make(chan int, 1)
	go func() {
		status, _ := s.get(s.host+":8080", "free.test", "/wait") // 0 if there is no answer
		answered <- status
	}()
	realtest.Until(t, "an attempt at the application", func() bool { return s.held.Load() == 1 })
	s.awaitTotals(map[string]uint64{"free.test": 1})
	asked := time.Time{}
	realtest.Until(t, "the old process stopping", func() bool {
		if time.Since(asked) > 3*time.Second { // a master that has only just started may overlook the signal
			asked = time.Now()
			if err := haproxy.Process.Signal(syscall.SIGUSR2); err != nil {
				t.Fatal(err)
			}
		}
		return tracker.said("session ended") > 0
	})
	close(s.gate)
	if status := <-answered; status != http.StatusOK {
		t.Errorf("the attempt: got %d, want 200", status)
	}
	s.awaitTotals(map[string]uint64{"free.test": 2})
}
