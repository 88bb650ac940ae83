package harness

import "testing"

func TestFingerprintIsThatOfWhatTheFileSays(t *testing.T) {
	const file = "question: Why?\ntopology: {proxy: {kind: haproxy}, backend: {kind: web}}\nworkload: {profile: ads, rate: 100/s, duration: 1s}\nchecks: [quota-exact]\n"
	of := func(src string) string {
		t.Helper()
		print, err := document(t, src).Fingerprint()
		if err != nil || print == "" {
			t.Fatalf("got %q and %v", print, err)
		}
		return print
	}
	want := of(file)
	same := "# because\nworkload:\n  duration: 1s # short\n  rate: 100/s\n  profile: ads\nquestion: \"Why?\"\nchecks:\n  - quota-exact\ntopology: {backend: {kind: web}, proxy: {kind: haproxy}}\n"
	if got := of(same); got != want {
		t.Errorf("got %s for the same in another layout, want %s", got, want)
	}
	if got := of(file + "trials: 2\n"); got == want {
		t.Errorf("got %s for a scenario with more trials too", got)
	}
	doc := document(t, file)
	if err := doc.Set("workload.rate", "200/s"); err != nil {
		t.Fatal(err)
	}
	if got, err := doc.Fingerprint(); err != nil || got == want {
		t.Errorf("got %s and %v after a setting, want another", got, err)
	}
}
