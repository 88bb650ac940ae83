package runtimeapi

import (
	"errors"
	"testing"
)

func TestSetTableReturnsWhatWasThere(t *testing.T) {
	const header = "# table: tracker/quota, type: string, size:1048576, used:3\n"
	const entry = "0x55d0: key=c0000|proxy1-1795222488088 use=0 exp=0 shard=0 gpc0=17\n"
	for _, row := range []struct {
		why, raw string
		want     uint64
	}{
		{"a key that has counted", "\n" + header + entry + "\n\n", 17},
		{"a key that is not there", "\n\n\n", 0},
		{"a key that is not there, with a header", "\n" + header + "\n\n", 0},
	} {
		if got, err := parseSet("set table", "tracker/quota", "gpc0", row.raw); got != row.want || err != nil {
			t.Errorf("%s: got %d %v, want %d", row.why, got, err, row.want)
		}
	}
}

func TestSetTableThatWasRefusedIsAnError(t *testing.T) {
	var refused *ReplyError
	for _, raw := range []string{
		"\n[3]: No such table\n\n[3]: No such table\n\n",
		"\n# table: tracker/quota, type: string, size:1048576, used:3\n\n[3]: Data type not stored in this table\n\n",
	} {
		if _, err := parseSet("set table", "tracker/quota", "gpc0", raw); !errors.As(err, &refused) {
			t.Errorf("%q: got %v, want HAProxy's error", raw, err)
		}
	}
	for _, raw := range []string{"", "\n", "\n# table: other, type: string, size:1, used:0\n\n\n", "\n# table: tracker/quota, used:1\n0x55d0: key=c0000"} {
		if got, err := parseSet("set table", "tracker/quota", "gpc0", raw); err == nil {
			t.Errorf("%q is read as %d", raw, got)
		}
	}
}
