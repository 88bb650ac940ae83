package containers

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

func TestTopologyThatMakesNoLabIsRefused(t *testing.T) {
	web := harness.Tier{Kind: "web"}
	for _, row := range []struct {
		topology harness.Topology
		part     string
	}{
		{harness.Topology{"backend": {Kind: "webb"}}, `unknown component kind "webb"`},
		{harness.Topology{"backend": web, "proxy": web}, "kind web makes up the tier named backend"},
		{harness.Topology{"backend": web, "cache": {Kind: "haproxy"}}, "kind haproxy makes up the tier named proxy"},
		{harness.Topology{"backend": {Kind: "web", Version: "8.2"}}, "kind web takes no version"},
		{harness.Topology{"backend": {Kind: "web", Binary: "/bin/cat"}}, "kind web takes no binary"},
		{harness.Topology{"backend": web, "tracker": {Kind: "quota-tracker", Threads: 2}}, "takes no threads"},
		{harness.Topology{"proxy": {Kind: "haproxy"}}, "without a backend tier"},
		{harness.Topology{}, "0 nodes"},
		{harness.Topology{"backend": {Kind: "web", Count: MaxNodes + 1}}, "201 nodes"},
	} {
		_, err := newPlan(harness.Scenario{Topology: row.topology}, Options{}, engineLocal)
		var refused *EnvironmentError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), row.part) {
			t.Errorf("%v: got %v, want an EnvironmentError with %q", row.topology, err, row.part)
		}
	}
}

func TestKindsAreThreeToday(t *testing.T) {
	if diff := cmp.Diff([]string{"haproxy", "quota-tracker", "web"}, Kinds()); diff != "" {
		t.Error(diff)
	}
}

// rendered renders the first proxy of a topology without starting anything.
func rendered(t *testing.T, sc harness.Scenario) string {
	t.Helper()
	p, err := newPlan(sc, Options{}, engineLocal)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range p.nodes {
		n.site = site{Address: "127.9.9.9", NodeDir: "/node"}
	}
	spec, err := renderHAProxy(p, p.of(harness.TierProxy)[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(spec.Files["haproxy.cfg"].Content)
}

func TestProxyWithoutTrackerCountsAllTheSame(t *testing.T) {
	with, without := rendered(t, labScenario(1, 1, 1)), rendered(t, labScenario(1, 1, 0))
	for config, parts := range map[string][]string{
		with:    {"\npeers tracker\n", "    server tracker 127.9.9.9:20001 verifyhost tracker\n", "table quota type string len 96 size 100000 store gpc0\n", " table tracker/quota if is_dynamic"},
		without: {"\nbackend quota\n    stick-table type string len 96", " table quota if is_dynamic"},
	} {
		for _, part := range parts {
			if !strings.Contains(config, part) {
				t.Errorf("no %q in\n%s", part, config)
			}
		}
	}
	if strings.Contains(without, "peers") {
		t.Errorf("peers without a tracker:\n%s", without)
	}
}

func TestProxyOffersHTTP2ToThoseWhoAskForIt(t *testing.T) {
	sc := labScenario(1, 1, 1)
	plain := rendered(t, sc)
	sc.Workload.Protocol = harness.ProtocolHTTP1
	if named := rendered(t, sc); named != plain {
		t.Errorf("naming the default changes the configuration:\n%s", cmp.Diff(plain, named))
	}
	sc.Workload.Protocol = harness.ProtocolHTTP2
	want := strings.Replace(plain, "/site.pem alpn http/1.1\n", "/site.pem alpn h2,http/1.1\n", 1)
	if got := rendered(t, sc); got != want || got == plain {
		t.Errorf("more or less than the offer changes:\n%s", cmp.Diff(want, got))
	}
}

func TestSeveralTrackersAreNamedApart(t *testing.T) {
	config := rendered(t, labScenario(1, 1, 2))
	for _, part := range []string{"server tracker1 127.9.9.9:20001 verifyhost tracker1\n", "server tracker2 127.9.9.9:20001 verifyhost tracker2\n"} {
		if !strings.Contains(config, part) {
			t.Errorf("no %q in\n%s", part, config)
		}
	}
}

func TestTableHoldsSixteenGenerationsOfEveryCustomer(t *testing.T) {
	sc := labScenario(1, 1, 1)
	sc.Workload.Customers = 9000
	config := rendered(t, sc)
	if !strings.Contains(config, " size 144000 ") || !strings.Contains(config, "backend be_c8999\n") {
		t.Error("9000 customers: no table of 144000 entries, or no backend of the last customer")
	}
}

func TestConnectionsFitTheDescriptors(t *testing.T) {
	for files, want := range map[uint64]int{20000: 8000, 100000: 8000, 4096: 1848, 1024: 312, 256: 100} {
		if got := haproxyMaxConn(&plan{files: files}); got != want {
			t.Errorf("%d descriptors: maxconn %d, want %d", files, got, want)
		}
	}
}

func TestVersionsAreReadAsThePrograms(t *testing.T) {
	for text, want := range map[string]string{"2.6.12-1+deb12u4": "2.6.12", "3.0.11": "3.0.11", "3.5-dev5": "3.5-dev5"} {
		if got := upstreamVersion(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	banner := "HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\nStatus: long-term\n"
	if got := haproxyBanner([]byte(banner)); got != "2.6.12" {
		t.Errorf("banner: got %s", got)
	}
	text := "nginx version: nginx/1.22.1\nPHP 8.2.29 (fpm-fcgi) (built: Oct 21 2026 06:29:51)\nCopyright (c) The PHP Group\n"
	if got := webVersions(text); got != "nginx 1.22.1, PHP 8.2.29" {
		t.Errorf("web: got %s", got)
	}
}

func TestStatusPageIsReadOrRefused(t *testing.T) {
	page := "Active connections: 291 \nserver accepts handled requests\n 16630948 16630948 31070465 \nReading: 6 Writing: 179 Waiting: 106 \n"
	got, err := parseStatus(page)
	if want := (nginxStatus{active: 291, reading: 6, writing: 179, waiting: 106}); got != want || err != nil {
		t.Errorf("got %+v %v, want %+v", got, err, want)
	}
	for end := range len(page) - len("106 \n") {
		if s, err := parseStatus(page[:end]); err == nil {
			t.Errorf("the first %d bytes pass as %+v", end, s)
		}
	}
}

func TestListenersAreReadFromProc(t *testing.T) {
	for line, want := range map[string]string{
		"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 ":                                                 "127.0.0.1:8080",
		"   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 ":                                                 "0.0.0.0:8080",
		"   2: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 ": "[::1]:22",
		"   3: 0100007F:1F90 0100007F:A000 01 00000000:00000000 00:00000000 00000000     0        0 4711 1 ":                                                 "", // established
		"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode":                                                   "",
	} {
		at, inode, ok := listening(line)
		if ok != (want != "") || (ok && (at.String() != want || inode != "4711")) {
			t.Errorf("%q: got %v inode %s %v, want %q", line, at, inode, ok, want)
		}
	}
}

func TestProgramIsFoundByPatternWithTheNewestVersion(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"php-fpm8.2": 0o700, "php-fpm8.4": 0o700, "php-fpm9.0": 0o600} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := lookPath("php-fpm*", "/nowhere:"+dir); filepath.Base(got) != "php-fpm8.4" || err != nil {
		t.Errorf("got %s %v; php-fpm9.0 is no program", got, err)
	}
}

func TestImagesFollowTheVersion(t *testing.T) {
	for _, tc := range []struct{ tier, option, want string }{
		{"", "", "haproof/haproxy:3.0"},
		{"", "3.2", "haproof/haproxy:3.2"},
		{"2.6", "3.2", "haproof/haproxy:2.6"}, // the scenario's own word counts more
	} {
		sc := harness.Scenario{Topology: harness.Topology{
			"proxy":   {Kind: "haproxy", Version: tc.tier},
			"backend": {Kind: "web"},
			"tracker": {Kind: "quota-tracker"}, // runs in the proxy's image
		}}
		got, err := Images(sc, Options{HAProxy: tc.option})
		if diff := cmp.Diff([]string{tc.want, "haproof/web:bookworm"}, got); diff != "" || err != nil {
			t.Errorf("images (-want +got):\n%s%v", diff, err)
		}
	}
}
