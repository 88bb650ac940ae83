package runtimeapi

import (
	"errors"
	"testing"
)

func TestVariableIsReadAsItsText(t *testing.T) {
	for _, row := range []struct{ why, raw, want string }{
		{"as 2.6 sends it", "\n[6]: proc.gen: type=str value=<proxy1-1795246777216>\n", "proxy1-1795246777216"},
		{"with an empty line", "\n[6]: proc.gen: type=str value=<a>b>\n\n", "a>b"},
	} {
		got, err := parseVar("get var proc.gen", row.raw)
		if got != row.want || err != nil {
			t.Errorf("%s: got %q %v, want %q", row.why, got, err, row.want)
		}
	}
}

func TestVariableThatIsNotThereIsAnError(t *testing.T) {
	var refused *ReplyError
	if _, err := parseVar("get var proc.gen", "\n[3]: Variable not found.\n\n"); !errors.As(err, &refused) {
		t.Errorf("got %v, want HAProxy's error", err)
	}
	for _, raw := range []string{"", "\n", "\n[6]: proc.gen: type=str value=<cut", "no frame"} {
		if got, err := parseVar("get var proc.gen", raw); err == nil {
			t.Errorf("%q is read as %q", raw, got)
		}
	}
}
