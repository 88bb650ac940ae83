package harness

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMistakesInConnectAreTold(t *testing.T) {
	for _, tc := range []struct {
		why, connect, tls, want string
	}{
		{"all at once", `{most: 5, reuse: oldest, requests: 2, resume: 0.5, tls: "1.3"}`, "0.5", ""},
		{"nothing", `{}`, "0", ""},
		{"no limit", `{most: 0, requests: 0}`, "0", ""},
		{"below 0", `{most: -1}`, "0", "connect.most is -1, want 1 to 60000, or 0 for no limit"},
		{"more than ports", `{most: 60001}`, "0", "connect.most is 60001"},
		{"no attempt", `{requests: -1}`, "0", "connect.requests is -1"},
		{"too many attempts", `{requests: 1000000001}`, "0", "connect.requests is 1000000001"},
		{"unknown order", `{reuse: newest}`, "0", "unknown order of reuse"},
		{"never reused", `{reuse: oldest, requests: 1}`, "0", "connect.reuse says nothing"},
		{"share above 1", `{resume: 1.5}`, "0.5", "connect.resume is 1.5"},
		{"resumption in clear", `{resume: 0}`, "0", "connect.resume is about TLS"},
		{"version in clear", `{tls: "1.2"}`, "0", "connect.tls is about TLS"},
		{"old version", `{tls: "1.1"}`, "0.5", "unknown version of TLS"},
	} {
		src := strings.Replace(short, "rate: 10/s", "rate: 10/s, tls: "+tc.tls+", connect: "+tc.connect, 1)
		_, err := Load("connect.yaml", []byte(src), testVocabulary)
		switch {
		case tc.want == "" && err != nil:
			t.Errorf("%s: %v", tc.why, err)
		case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: got %v, want %q", tc.why, err, tc.want)
		}
	}
}

func TestConnectDecodes(t *testing.T) {
	half := Share(0.5)
	got := load(t, strings.Replace(short, "rate: 10/s", `rate: 10/s, tls: 1, connect: {most: 7, reuse: oldest, requests: 3, resume: 0.5, tls: "1.2"}`, 1))
	want := &Connect{Most: 7, Reuse: ReuseOldest, Requests: 3, Resume: &half, TLS: "1.2"}
	if diff := cmp.Diff(want, got.Workload.Connect); diff != "" {
		t.Error(diff)
	}
}
