package harness

import (
	"fmt"
	"testing"
)

func TestAWorkloadWithoutADriverGetsOneThatRuns(t *testing.T) {
	const text = `
question: Who drives?
topology: {proxy: {kind: haproxy}, backend: {kind: web}}
workload: {rate: 100/s, requests: 10%s}
checks: [no-errors]
`
	for _, row := range []struct {
		why     string
		known   []string
		written string
		want    string
	}{
		{"both run", []string{"vegeta", "wire"}, "", "wire"},
		{"wire does not run here", []string{"vegeta"}, "", "vegeta"},
		{"a choice is kept", []string{"vegeta", "wire"}, ", driver: vegeta", "vegeta"},
		{"no vocabulary", nil, "", "wire"},
	} {
		vocab := testVocabulary
		vocab.Drivers = row.known
		doc, err := Load("who.yaml", []byte(fmt.Sprintf(text, row.written)), vocab)
		if err != nil {
			t.Fatalf("%s: %v", row.why, err)
		}
		sc, err := doc.Scenario()
		if err != nil || sc.Workload.Driver != row.want {
			t.Errorf("%s: driver %q, error %v; want %s", row.why, sc.Workload.Driver, err, row.want)
		}
	}
	vocab := testVocabulary
	vocab.Drivers = []string{"vegeta"}
	if _, err := Load("who.yaml", []byte(fmt.Sprintf(text, ", driver: wire")), vocab); err == nil {
		t.Error("a driver that does not run here was accepted")
	}
}
