package reports

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoadRefusesEveryTruncatedFile(t *testing.T) {
	whole := string(render(t, JSON, quotaFail()))
	whole = strings.TrimSpace(whole)
	for n := 0; n < len(whole); n += 1 + len(whole)/300 {
		if _, err := decode([]byte(whole[:n])); err == nil {
			t.Errorf("%d of %d bytes were read as a result", n, len(whole))
		}
	}
	if _, err := decode([]byte(whole)); err != nil {
		t.Error(err)
	}
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	whole := string(render(t, JSON, quotaPass()))
	for _, c := range []struct{ why, file, want string }{
		{"an interrupted copy", whole[:len(whole)/2], "truncated after"},
		{"nothing at all", "", "empty file"},
		{"a newer haproof", strings.Replace(whole, `"schema": 1`, `"schema": 2`, 1), "schema 2, but this haproof reads schema 1"},
		{"another JSON file", `{"customers": 3}`, "no schema"},
		{"a field that was misspelt by hand", strings.Replace(whole, `"sentence"`, `"sentense"`, 1), "sentense"},
		{"a status that is none", strings.Replace(whole, `"verdict": "pass"`, `"verdict": "green"`, 1), "green"},
		{"two files in one", whole + whole, "after top-level value"},
		{"a number that is a word", strings.Replace(whole, `"tookNs": 68000000000`, `"tookNs": "long"`, 1), "tookNs is a string"},
		{"not JSON", "PASS", "byte 1"},
	} {
		path := filepath.Join(t.TempDir(), "result.json")
		if err := os.WriteFile(path, []byte(c.file), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got error %v, want one with the path and %q", c.why, err, c.want)
		}
	}
}
