package audit

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzAudit wants no panic, and findings at lines that are there.
func FuzzAudit(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.cfg")
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("peers p\npeer\nserver\ntable\nbind\nshards x\nbackend b\nhttp-response track-sc\nhttp-response sc-inc-gpc(\nhttp-request\n"))
	f.Add([]byte("backend b\nhttp-response set-var()\nacl a\nhttp-response track-sc9 var(txn.a),concat( if a { stopping"))
	f.Fuzz(func(t *testing.T, text []byte) {
		env := Environment{Variables: map[string]string{"A": "b"}, Hostname: "machine", Version: Version{3, 2, 0, 0}}
		c := parse([]source{{"fuzz.cfg", text}}, env)
		if c.bounded() != nil || c.understand() != nil {
			return // said as an error
		}
		for _, name := range []string{"", "tracker/quota"} {
			c.Bill(name)
			for _, found := range c.Examine() {
				if found.File != "fuzz.cfg" || found.Line < 0 || found.Line > 1+bytes.Count(text, []byte("\n")) || found.What == "" || found.Mend == "" {
					t.Fatalf("impossible: %+v", found)
				}
			}
		}
	})
}
