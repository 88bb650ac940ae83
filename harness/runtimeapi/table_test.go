package runtimeapi

import (
	"io"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTableOfEveryVersionIsRead(t *testing.T) {
	want := map[string]uint64{"c0000": 3, "c0001": 3, "c0002": 3, "a|b": 1, "ctrk": 1} // as driven when the output was taken
	for _, version := range versions {
		entries, err := parseTable("tracker/quota", body(t, version, "show-table-tracker-quota"))
		if err != nil {
			t.Fatalf("%s: %v", version, err)
		}
		got := map[string]uint64{}
		for _, e := range entries {
			got[e.Key[:strings.LastIndexByte(e.Key, '|')]] = e.Data["gpc0"]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", version, diff)
		}
	}
}

func TestEntryKeepsKeyAndEveryNumber(t *testing.T) {
	for _, test := range []struct {
		line string
		want Entry
	}{
		{"0x7f42: key=c0002|1795222488086 use=0 exp=0 shard=0 gpc0=3", Entry{"c0002|1795222488086", map[string]uint64{"use": 0, "exp": 0, "shard": 0, "gpc0": 3}}},
		{"0x7f42: key=a b use=1 c use=2 exp=7 gpc0=4294967295", Entry{"a b use=1 c", map[string]uint64{"use": 2, "exp": 7, "gpc0": 4294967295}}}, // keys are not quoted
		{"0x1: key=10.0.0.1 use=0 exp=1 server_key=web1 http_req_rate(10000)=6", Entry{"10.0.0.1", map[string]uint64{"use": 0, "exp": 1, "http_req_rate(10000)": 6}}},
	} {
		got, err := parseEntry(test.line)
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%s: error %v %s", test.line, err, diff)
		}
	}
}

func TestForeignLinesAreNoEntries(t *testing.T) {
	for _, line := range []string{"", "hello", "0x1: key=a", "0x1: key=a use=0 gpc0=x", "0x1: key=a use=0 gpc0", "0x1: key=a use=0 gpc0=-1"} {
		if entry, err := parseEntry(line); err == nil {
			t.Errorf("%q is %v", line, entry)
		}
	}
}

func TestEmptyTableHasNoEntriesAndAnotherTablesDumpIsAnError(t *testing.T) {
	empty := body(t, "3.0", "show-table-idle")
	if entries, err := parseTable("tracker/idle", empty); len(entries) != 0 || err != nil {
		t.Errorf("entries %v, error %v", entries, err)
	}
	for _, table := range []string{"tracker/quota", "tracker", "tracker/idl"} {
		if _, err := parseTable(table, empty); err == nil {
			t.Errorf("dump of tracker/idle passes as %s", table)
		}
	}
	if _, err := parseTable("tracker/idle", ""); err == nil {
		t.Error("an empty reply passes as a table")
	}
}

func TestShowTableRefusesWhatIsNoName(t *testing.T) {
	addr, lines := serve(t, func(io.Writer) {})
	for _, table := range []string{"", "a b"} {
		if _, err := New(addr).ShowTable(t.Context(), table); err == nil {
			t.Errorf("table %q was accepted", table)
		}
	}
	if len(lines) != 0 {
		t.Errorf("sent %q", <-lines)
	}
}

func FuzzParseEntry(f *testing.F) {
	f.Add("0x7f42: key=c0002|1795222488086 use=0 exp=0 shard=0 gpc0=3")
	f.Fuzz(func(t *testing.T, line string) {
		entry, err := parseEntry(line)
		if err == nil && !strings.Contains(line, ": key="+entry.Key+" use=") {
			t.Errorf("%q gave key %q with %v", line, entry.Key, maps.Clone(entry.Data))
		}
	})
}

func TestTableThatLacksPromisedEntriesIsAnError(t *testing.T) {
	const header = "# table: quota, type: string, size:100, used:2\n"
	const entry = "0x55d0: key=c0001|1 use=0 exp=0 shard=0 gpc0=3\n"
	if _, err := parseTable("quota", header+entry+entry); err != nil {
		t.Errorf("both entries: %v", err)
	}
	for _, reply := range []string{header, header + entry, "# table: quota, type: string, size:100\n" + entry} {
		if got, err := parseTable("quota", reply); err == nil {
			t.Errorf("%q: got %v, want an error", reply, got)
		}
	}
}
