package reports

import (
	"testing"

	"github.com/haproof/haproof/harness"
)

func TestDriverAndProtocolAreNamed(t *testing.T) {
	of := func(workloads ...harness.Workload) *harness.Result {
		r := &harness.Result{Scenario: harness.Scenario{Workload: workloads[0]}}
		for _, w := range workloads[1:] {
			r.Cells = append(r.Cells, harness.CellResult{Cell: harness.Cell{Scenario: harness.Scenario{Workload: w}}})
		}
		return r
	}
	wire := harness.Workload{Driver: "wire", Protocol: harness.ProtocolHTTP1}
	vegeta := harness.Workload{Driver: "vegeta", TLS: 1, Protocol: harness.ProtocolHTTP1}
	h2, mixed := vegeta, vegeta
	h2.Protocol, mixed.Protocol, mixed.TLS = harness.ProtocolHTTP2, harness.ProtocolHTTP2, 0.95
	for _, row := range []struct {
		r           *harness.Result
		line, brief string
	}{
		{of(wire), "wire, HTTP/1.1", "wire, HTTP/1.1"},
		{of(harness.Workload{Driver: "wire"}), "wire, HTTP/1.1", "wire, HTTP/1.1"}, // an older record
		{of(vegeta, h2, h2), "vegeta, HTTP/2", "vegeta, HTTP/2"},
		{of(vegeta, vegeta, h2), "vegeta, HTTP/1.1 or HTTP/2", "vegeta, HTTP/1.1 or HTTP/2"},
		{of(mixed), "vegeta, HTTP/2 (HTTP/1.1 in clear)", "vegeta, HTTP/2"},
		{of(wire, wire, vegeta), "wire or vegeta, HTTP/1.1", "wire or vegeta, HTTP/1.1"},
	} {
		if line, brief := offeredBy(row.r, (*harness.Workload).Speaks), offeredBy(row.r, protocolOf); line != row.line || brief != row.brief {
			t.Errorf("got %q and %q, want %q and %q", line, brief, row.line, row.brief)
		}
	}
}
