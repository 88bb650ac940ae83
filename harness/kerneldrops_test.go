package harness

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const netstatBefore = `TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPHPHits TCPBacklogDrop
TcpExt: 7 10 12 99 3
IpExt: InNoRoutes ListenDrops
IpExt: 1 2
`

func TestKernelDropsAreTheDifferenceOfTwoReadings(t *testing.T) {
	before := parseKernelDrops(strings.NewReader(netstatBefore))
	if diff := cmp.Diff(&KernelDrops{Overflows: 10, Listen: 12, Backlog: 3}, before); diff != "" {
		t.Fatal(diff)
	}
	after := parseKernelDrops(strings.NewReader(strings.Replace(netstatBefore, "7 10 12 99 3", "8 14 17 100 4", 1)))
	if diff := cmp.Diff(&KernelDrops{Overflows: 4, Listen: 5, Backlog: 1}, before.until(after)); diff != "" {
		t.Error(diff)
	}
	if got := after.until(before); got != nil {
		t.Errorf("counters that began anew give %+v", got)
	}
}

func TestAKernelThatDoesNotSayIsNotKnown(t *testing.T) {
	for _, text := range []string{"", "IpExt: a\nIpExt: 1\n", "TcpExt: ListenOverflows\n", "TcpExt: ListenOverflows ListenDrops TCPBacklogDrop\nTcpExt: 1 2\n",
		"TcpExt: ListenOverflows ListenDrops TCPBacklogDrop\nTcpExt: 1 2 x\n"} {
		if got := parseKernelDrops(strings.NewReader(text)); got != nil {
			t.Errorf("%q gives %+v", text, got)
		}
	}
	known := &KernelDrops{}
	if known.until(nil) != nil || (*KernelDrops)(nil).until(known) != nil || readKernelDrops("/nonexistent/netstat") != nil {
		t.Error("half a reading says something")
	}
}
