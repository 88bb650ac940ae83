package main

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDriveFillsInPlaceholdersWhereAskedTo compares two runs with one seed, and one
// that takes braces as they stand.
func TestDriveFillsInPlaceholdersWhereAskedTo(t *testing.T) {
	var mu sync.Mutex
	got := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body strings.Builder
		b := make([]byte, 100)
		for n, err := 0, error(nil); err == nil; body.Write(b[:n]) {
			n, err = r.Body.Read(b)
		}
		mu.Lock()
		defer mu.Unlock()
		got[r.RequestURI+" "+r.Header.Get("X-Id")+" "+body.String()]++
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(file, []byte(`{{"id":"{seq}"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{
		"--rate", "200/s", "--requests", "20", "--seed", "5", "--method", "POST", "--body", file, "--header", "X-Id: {random:4}",
		server.URL + "/a/{seq}?c={customer}&r={random:20}",
	}
	seen := make([]map[string]int, 3)
	for i, more := range [][]string{{"--template", "--customers", "3"}, {"--template", "--customers", "3", "--driver", "vegeta"}, nil} {
		if out, _ := driven(t, append(more, args...)...); out.code != exitPass {
			t.Fatalf("code %d, stderr %s", out.code, out.stderr)
		}
		mu.Lock()
		seen[i], got = got, map[string]int{}
		mu.Unlock()
	}
	if diff := cmp.Diff(seen[0], seen[1]); diff != "" {
		t.Errorf("one seed, two streams: %s", diff)
	}
	filled := regexp.MustCompile(`^/a/0{10}(\d\d)\?c=c000[012]&r=[0-9a-f]{20} [0-9a-f]{4} {"id":"0{10}(\d\d)"}$`)
	for line, n := range seen[0] {
		if m := filled.FindStringSubmatch(line); m == nil || m[1] != m[2] || n != 1 {
			t.Errorf("%d times %q", n, line)
		}
	}
	if len(seen[0]) != 20 {
		t.Errorf("%d different requests, want 20", len(seen[0]))
	}
	want := map[string]int{`/a/%7Bseq%7D?c={customer}&r={random:20} {random:4} {{"id":"{seq}"}`: 20}
	if diff := cmp.Diff(want, seen[2]); diff != "" {
		t.Errorf("without --template: %s; keys %q", diff, slices.Collect(maps.Keys(seen[2])))
	}
}

func TestDriveRefusesBadPlaceholders(t *testing.T) {
	for reason, args := range map[string][]string{
		"target 1: path, column 2: unknown placeholder {x}": {"http://127.0.0.1:1/{x}"},
		"target 1: header, column":                          {"--header", "A: {random}", "http://127.0.0.1:1/"},
		"no placeholder can stand in a host":                {"--header", "Host: {customer}", "http://127.0.0.1:1/"},
		"--customers 0: want 1 to 10000":                    {"--customers", "0", "http://127.0.0.1:1/"},
	} {
		refused(t, haproof(t, append([]string{"drive", "--template", "--rate", "1/s"}, args...)...), reason)
	}
}
