package reports

import (
	"bytes"
	"testing"

	"github.com/haproof/haproof/harness"
)

func TestFormatsMatchTheirGoldenFiles(t *testing.T) {
	formats := map[string]Format{"summary.txt": Text, "junit.xml": JUnit, "report.md": Markdown, "bench.txt": Bench}
	for name, build := range fixtures {
		for file, format := range formats {
			golden(t, name+"/"+file, render(t, format, build()))
		}
	}
}

func TestPlotsMatchTheirGoldenFiles(t *testing.T) {
	for name, build := range fixtures {
		for _, c := range charts(build()) {
			var out bytes.Buffer
			if err := c.writeSVG(&out); err != nil {
				t.Fatal(err)
			}
			golden(t, name+"/"+c.ID+".svg", out.Bytes())
		}
	}
}

func render(t testing.TB, format Format, r *harness.Result) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := format(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
