package daemon

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTheExampleOfTheDocumentationIsValid(t *testing.T) {
	s := DefaultSettings()
	if err := ReadSettings("../../../docs/tracker/quota-tracker.yaml", &s); err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(Environment{}); err != nil {
		t.Error(err)
	}
	if s.Limits.Customers["example"] != "gold" || time.Duration(s.Store.Retention) != 400*day {
		t.Errorf("got %+v", s)
	}
}

func TestSettingsNameEveryMistakeAndItsPlace(t *testing.T) {
	const text = `
name: tracker
tabel: quota
peers:
  resync: soon
  dial: [{nam: hap1}]
store: {retention: 1y}
`
	s := DefaultSettings()
	err := parseSettings("q.yaml", []byte(text), &s)
	if err == nil {
		t.Fatal("got no error")
	}
	for _, want := range []string{"q.yaml:3:", "tabel", "q.yaml:5:", `"soon"`, "q.yaml:6:", "nam", "q.yaml:7:", `"1y"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s in it", err, want)
		}
	}
}

func TestSettingsThatCannotWork(t *testing.T) {
	given := Environment{Secret: "sixteen bytes at least"}
	free := map[string]PlanSettings{"free": {Day: 1}}
	tests := map[string]func(*Settings){
		"certificates of peers incomplete": func(s *Settings) { s.Peers.TLS = TLSSettings{Cert: "c", Key: "k"} },
		"key of the API without cert":      func(s *Settings) { s.HTTP.TLS.Key = "k" },
		"limits without a store":           func(s *Settings) { s.Limits.Plans = free; s.Store.URL = storeNone },
		"limits taught in what is counted": func(s *Settings) { s.Limits.Plans = free; s.Limits.Table = "quota" },
		"a plan that does not exist":       func(s *Settings) { s.Limits.Plans = free; s.Limits.Default = "gold" },
		"a warning at 100 percent":         func(s *Settings) { s.Limits.Plans = map[string]PlanSettings{"free": {Day: 1, Warn: []int{100}}} },
		"a webhook with nothing to tell":   func(s *Settings) { s.Webhook.URL = "https://b.example" },
		"a webhook without a scheme":       func(s *Settings) { s.Webhook.URL = "b.example"; s.Limits.Plans = free },
		"no network":                       func(s *Settings) { s.Drain.Allow = []string{"10.0.0.1"} },
		"no level":                         func(s *Settings) { s.Log.Level = "loud" },
		"a month is longer than kept": func(s *Settings) {
			s.Limits.Plans = map[string]PlanSettings{"free": {Month: 1}}
			s.Store.Retention = Span(30 * day)
		},
		"a webhook with a password": func(s *Settings) { s.Webhook.URL = "https://u:p@b.example"; s.Limits.Plans = free },
		"resync all the time":       func(s *Settings) { s.Peers.Resync = 1 },
	}
	for name, spoil := range tests {
		s := DefaultSettings()
		if err := s.Validate(given); err != nil {
			t.Fatal(err)
		}
		spoil(&s)
		if err := s.Validate(given); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	s := DefaultSettings()
	s.Limits.Plans, s.Webhook.URL = free, "https://b.example/hook"
	if err := s.Validate(given); err != nil {
		t.Error(err)
	}
	if err := s.Validate(Environment{}); err == nil {
		t.Error("a webhook without a secret: got no error")
	}
	if err := s.Validate(Environment{Secret: "short"}); err == nil {
		t.Error("a webhook with a short secret: got no error")
	}
}

func TestFlagsOverrideTheFileAndTheEnvironmentHoldsSecrets(t *testing.T) {
	file := t.TempDir() + "/q.yaml"
	if err := os.WriteFile(file, []byte("name: file\ntable: file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("QUOTA_TRACKER_TOKENS", "one, two,")
	t.Setenv("QUOTA_TRACKER_STORE", "postgres://u:p@h/d")
	f := newFlags("x")
	f.declareServe()
	if err := f.parse([]string{"-config", file, "-table", "flag"}, os.Stderr); err != nil {
		t.Fatal(err)
	}
	env := ReadEnvironment()
	s, err := f.settings(env)
	if err != nil || s.Name != "file" || s.Table != "flag" || s.Keys != keysGeneration || s.Store.URL != "postgres://u:p@h/d" {
		t.Errorf("got %+v, %v", s, err)
	}
	if want := []string{"one", "two"}; !cmp.Equal(env.Tokens, want) {
		t.Errorf("got tokens %q, want %q", env.Tokens, want)
	}
}

func TestCheckFindsWhatWouldKeepItFromStarting(t *testing.T) {
	tests := map[string]string{
		"a socket of no kind":                "drain: {listen: ['foo://127.0.0.1:1']}",
		"records from anybody":               "drain: {listen: ['udp://192.0.2.1:5514']}",
		"a lesson without a pause":           "limits: {table: plan, refresh: 0s, plans: {free: {day: 1}}}",
		"keys without a length":              "limits: {table: plan, length: 0, plans: {free: {day: 1}}}",
		"a month that is not kept":           "{store: {retention: 24h}, limits: {plans: {free: {month: 1}}}}",
		"a port of the API beyond the last":  "http: {listen: '127.0.0.1:99999'}",
		"an address of the API without port": "http: {listen: '127.0.0.1'}",
		"an empty port of the API":           "http: {listen: '127.0.0.1:'}",
		"an address for peers and the API":   "http: {listen: '127.0.0.1:20001'}",
		"a service that does not exist":      "http: {listen: 'localhost:quota'}",
		"a peer behind the last port":        "peers: {dial: [{name: hap1, address: '127.0.0.1:99999'}]}",
		"a peer without a port":              "peers: {dial: [{name: hap1, address: '127.0.0.1'}]}",
		"a peer that is called twice":        "peers: {dial: [{name: hap1, address: '127.0.0.1:1'}, {name: hap1, address: '127.0.0.1:2'}]}",
		"records to an address without port": "drain: {listen: ['udp://127.0.0.1']}",
		"records to an empty port":           "drain: {listen: ['udp://127.0.0.1:']}",
		"records beyond the last port":       "drain: {listen: ['tcp://127.0.0.1:99999']}",
		"records to an address twice":        "drain: {listen: ['udp://127.0.0.1:5514', 'udp://127.0.0.1:5514']}",
		"records from anybody without a ca":  "drain: {listen: ['tcp://192.0.2.1:5514'], tls: {cert: c, key: k}}",
	}
	check := func(t *testing.T, text string, want int) {
		t.Helper()
		file := t.TempDir() + "/q.yaml"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		command(t, want, "-check", "-peers=127.0.0.1:20001", "-config", file)
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) { check(t, text, ExitUsage) })
	}
	check(t, "drain: {listen: ['tcp://192.0.2.1:5514'], tls: {cert: c, key: k, ca: a}}", ExitOK)
	check(t, "drain: {listen: ['udp://192.0.2.1:5514'], allow: [192.0.2.0/24]}", ExitOK)
}

func TestLimitsAreWholeNumbersAndCustomersHaveOnePlan(t *testing.T) {
	for _, text := range []string{"{plans: {a: {month: 1.5}}}", "{plans: {a: {day: 0}}}", "{plans: {a: {hour: -1}}}", "{plans: {a: {total: many}}}", "{customers: {a: x, b: y, a: z}}", "{customers: [a]}", "{customers: {a: [x]}}"} {
		s := DefaultSettings()
		if err := parseSettings("q.yaml", []byte("limits: "+text), &s); err == nil || !strings.HasPrefix(err.Error(), "q.yaml:1:") {
			t.Errorf("%s: got %v, want an error with its place", text, err)
		}
	}
	s := DefaultSettings()
	if err := parseSettings("q.yaml", []byte("limits: {plans: {a: {month: 15}}, customers: {b: a}}"), &s); err != nil || s.Limits.Plans["a"].Month != 15 || s.Limits.Customers["b"] != "a" {
		t.Errorf("got %+v, %v", s.Limits, err)
	}
	s.Limits.Plans["a"] = PlanSettings{Month: 15, Deny: true}
	if err := s.Validate(Environment{}); err == nil {
		t.Error("a plan that denies nowhere: got no error")
	}
}

// BenchmarkManyCustomers reads 100,000 customers with plans of their own.
func BenchmarkManyCustomers(b *testing.B) {
	var text strings.Builder
	text.WriteString("limits:\n  plans: {f: {day: 1}}\n  customers:\n")
	for i := range 100_000 {
		fmt.Fprintf(&text, "    c%d: f\n", i)
	}
	for b.Loop() {
		s := DefaultSettings()
		if err := parseSettings("q.yaml", []byte(text.String()), &s); err != nil {
			b.Fatal(err)
		}
	}
}
