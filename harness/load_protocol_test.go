package harness

import (
	"strings"
	"testing"
)

func TestHTTP2WantsWhatItNeeds(t *testing.T) {
	with := func(workload string) string {
		return strings.Replace(short, "{rate: 10/s, duration: 5s}", "{rate: 10/s, duration: 5s, "+workload+"}", 1)
	}
	for workload, want := range map[string]string{
		"driver: vegeta, protocol: h2, tls: 0.5":                              "",
		"driver: vegeta, protocol: h2, tls: 1, connect: {requests: 100}":      "",
		"driver: wire, protocol: http/1.1, connect: {most: 10}":               "",
		"protocol: h2, tls: 1":                                                "driver wire speaks HTTP/1.1 and not h2|write driver: vegeta beside it",
		"driver: wire, protocol: h2, tls: 1":                                  "driver wire speaks HTTP/1.1 and not h2|write driver: vegeta beside it",
		"driver: vegeta, protocol: h2":                                        "protocol h2 goes over TLS, which no attempt does|set tls: above 0, such as tls: 1",
		"driver: vegeta, protocol: h2, route: direct":                         "backends speak no HTTP/2, so protocol cannot be h2 on route direct|set protocol: http/1.1",
		"driver: vegeta, protocol: h2, tls: 1, connect: {most: 10}":           "connect.most is for HTTP/1.1",
		"driver: vegeta, protocol: h2, tls: 1, connect: {reuse: oldest}":      "connect.reuse is for HTTP/1.1",
		"driver: vegeta, protocol: http/2, tls: 1":                            `unknown protocol "http/2"`,
		"driver: vegeta, protocol: h2, routes: [{name: a, host: b, path: /}]": "protocol h2 goes over TLS, which no attempt does",
	} {
		doc, err := Load("test.yaml", []byte(with(workload)), testVocabulary)
		if err == nil {
			_, err = doc.Scenario()
		}
		if (err == nil) != (want == "") {
			t.Errorf("%s: got %v, want %q", workload, err, want)
		}
		for part := range strings.SplitSeq(want, "|") {
			if err != nil && !strings.Contains(err.Error(), part) {
				t.Errorf("%s: got %v, want %q", workload, err, part)
			}
		}
	}
}

func TestWhatAWorkloadSpeaksIsNamed(t *testing.T) {
	for want, w := range map[string]Workload{
		"HTTP/1.1":                   {TLS: 1, Protocol: ProtocolHTTP1},
		"HTTP/2":                     {TLS: 1, Protocol: ProtocolHTTP2},
		"HTTP/2 (HTTP/1.1 in clear)": {TLS: 0.95, Protocol: ProtocolHTTP2},
	} {
		if got := w.Speaks(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := (&Workload{}).Speaks(); got != "HTTP/1.1" { // records from before there was a choice
		t.Errorf("without a protocol: %q", got)
	}
}
