package runtimeapi

import (
	"strings"
	"testing"
)

// without leaves out the named peers of a real "show peers".
func without(t *testing.T, version, name string, peers ...string) []PeersSection {
	t.Helper()
	sections, err := parsePeers(body(t, version, name))
	if err != nil {
		t.Fatal(err)
	}
	var kept []Peer
	for _, p := range sections[0].Peers {
		if !strings.Contains(strings.Join(peers, " "), p.Name) {
			kept = append(kept, p)
		}
	}
	sections[0].Peers = kept
	return sections
}

func TestRealPeersAreJudgedByWhatTheTrackerAcknowledged(t *testing.T) {
	for _, version := range versions {
		for _, test := range []struct {
			name  string
			drop  []string
			quiet bool
			left  string
		}{
			{"show-peers-quiet", []string{"gone", "silent"}, true, ""},
			{"show-peers-fresh", []string{"gone", "silent"}, true, ""}, // connected, nothing to say yet
			{"show-peers-learned", []string{"gone", "silent"}, true, ""},
			{"show-peers-quiet", []string{"gone"}, false, "peers tracker: silent: tracker/quota: acknowledged up to 0, pushed up to"},
			{"show-peers-quiet", []string{"silent"}, false, "peers tracker: gone: not established"},
			{"show-peers-nobody", []string{"gone", "silent"}, false, "peers tracker: tracker: not established"},
			{"show-peers-lost", []string{"gone", "silent"}, false, "peers tracker: tracker: not established"},
			{"show-peers-quiet", []string{"gone", "silent", "tracker"}, false, "no remote peer"}, // only the local one
		} {
			quiet, left := Quiet(without(t, version, test.name, test.drop...))
			if quiet != test.quiet || !strings.HasPrefix(left, test.left) {
				t.Errorf("%s %s without %v: %v %q", version, test.name, test.drop, quiet, left)
			}
		}
	}
}

func TestSerialNumbersWrap(t *testing.T) {
	for _, test := range []struct {
		local, pushed, acked uint32
		quiet                bool
	}{
		{0, 0, 0, true}, // nothing was ever to be said
		{10, 10, 10, true},
		{11, 10, 10, false},
		{10, 10, 9, false},
		{2, 0xffffffff, 0xffffffff, false}, // the wrap is not the end
		{2, 2, 0xffffffff, false},
		{2, 2, 2, true},
		{1 << 31, 1 << 31, 1 << 31, true},  // half way round
		{5, 5 + 1<<31, 5 + 1<<31, false},   // re-push of everything is due (init_connected_peer)
		{5, 0x80000001, 0x80000001, false}, // in the midst of a lesson, among learned ids
		{5, 5, 0x80000003, true},           // last acknowledged in a lesson, nothing since
	} {
		got := PeerTable{LocalUpdate: test.local, LastPushed: test.pushed, Update: test.acked}.unsaid()
		if (got == "") != test.quiet {
			t.Errorf("%+v: %q", test, got)
		}
	}
}

func TestWhatWeAcknowledgedToThePeerIsNoSignOfQuiet(t *testing.T) {
	table := PeerTable{LocalUpdate: 7, LastPushed: 7, Update: 3, LastAcked: 7, LastGet: 7}
	if table.unsaid() == "" {
		t.Error("last_acked, which HAProxy sent, passed for an acknowledgement of the peer")
	}
}
