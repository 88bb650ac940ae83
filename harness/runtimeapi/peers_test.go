package runtimeapi

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The goldens come from a section with four peers: tracker acknowledges, silent
// is established and never acknowledges, gone refuses connections, hap1 is the
// local one. Ten answers had been counted on four keys.
func TestPeersOfEveryVersionAreRead(t *testing.T) {
	for _, version := range versions {
		sections, err := parsePeers(body(t, version, "show-peers-quiet"))
		if err != nil {
			t.Fatalf("%s: %v", version, err)
		}
		n := uint32(10)
		if version == "2.6" {
			n = 20 // track and increment touch an entry once each
		}
		gone := "CONN"
		if version == "3.4" {
			gone = "HSHK"
		}
		want := map[string]Peer{
			"gone":    {Addr: "10001", Remote: true, Status: gone, NewConnections: 2, Tables: tables(n, 0, 0)},
			"silent":  {Addr: "10000", Remote: true, Active: true, Status: "ESTA", State: "EST", NewConnections: 1, Tables: tables(n, n, 0)},
			"tracker": {Addr: "10000", Remote: true, Active: true, Status: "ESTA", State: "EST", Tables: tables(n, n, n)},
			"hap1":    {Addr: "10000", Status: "NONE", Tables: tables(n, 0, 0)},
		}
		if diff := cmp.Diff(want, seen(t, sections)); diff != "" {
			t.Errorf("%s: %s", version, diff)
		}
	}
}

func tables(local, pushed, acknowledged uint32) []PeerTable {
	return []PeerTable{
		{Name: "tracker/quota", LastPushed: pushed, Update: acknowledged, TableUpdate: local, LocalUpdate: local},
		{Name: "tracker/idle"},
	}
}

// seen takes from the one section what does not depend on the moment.
func seen(t *testing.T, sections []PeersSection) map[string]Peer {
	t.Helper()
	if len(sections) != 1 || sections[0].Name != "tracker" || sections[0].Disabled {
		t.Fatalf("sections %+v", sections)
	}
	got := map[string]Peer{}
	for _, p := range sections[0].Peers {
		name := p.Name
		p.Name, p.Addr = "", p.Addr[strings.LastIndexByte(p.Addr, ':')+1:]
		if name == "gone" {
			p.Active, p.State = false, "" // it dials every now and then
		}
		if name == "tracker" {
			p.NewConnections = 0 // both sides dial at once
		}
		got[name] = p
	}
	return got
}

func TestWhatWasLearnedIsToldFromWhatWasPushed(t *testing.T) {
	sections, err := parsePeers(body(t, "2.6", "show-peers-learner"))
	if err != nil {
		t.Fatal(err)
	}
	// the learner acknowledged 20 and has nothing of its own
	want := PeerTable{Name: "tracker/quota", LastAcked: 20, LastGet: 20, TableUpdate: 4}
	if diff := cmp.Diff(want, sections[0].Peers[0].Tables[0]); diff != "" {
		t.Error(diff)
	}
}

func TestSeveralSectionsKeepTheirPeers(t *testing.T) {
	one := body(t, "3.0", "show-peers-fresh")
	sections, err := parsePeers(one + strings.ReplaceAll(one, "id=tracker disabled=0", "id=second disabled=1"))
	if err != nil || len(sections) != 2 {
		t.Fatalf("%d sections, error %v", len(sections), err)
	}
	if s := sections[1]; s.Name != "second" || !s.Disabled || len(s.Peers) != 4 || len(sections[0].Peers) != 4 {
		t.Errorf("sections %+v", sections)
	}
}

func TestBrokenPeersOutputIsAnError(t *testing.T) {
	whole := body(t, "3.0", "show-peers-quiet")
	for _, test := range []struct{ old, with string }{
		{"last_pushed=10", "last_pushed=ten"},
		{"localupdate=10", "localupdate=4294967296"}, // ids have 32 bits
		{"(remote,active)", ""},
		{"new_conn=1", "new_conn=x"},
		{"proto_err=0", "proto_err="},
		{"last_get=0 ", ""},
		{" id=tracker disabled=0 flags=0x22100003 resync_timeout=<PAST>", ""}, // no section
	} {
		if !strings.Contains(whole, test.old) {
			t.Fatalf("%q is not in the golden", test.old)
		}
		if got, err := parsePeers(strings.Replace(whole, test.old, test.with, 1)); err == nil {
			t.Errorf("%q as %q was read: %+v", test.old, test.with, got)
		}
	}
}

func FuzzParsePeers(f *testing.F) {
	for _, version := range versions {
		b := "0x0: [x] id=tracker disabled=0 flags=0x0 resync_timeout=<PAST> task_calls=1\n " + version
		f.Add(b)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		sections, err := parsePeers(text)
		if err == nil {
			Quiet(sections)
		}
	})
}
