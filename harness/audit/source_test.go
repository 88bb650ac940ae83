package audit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const smallest = "global\n    localpeer hap1\n"

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFilesAreReadInHAProxysOrder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b/20.cfg", "b/10.cfg", "b/.hidden.cfg", "b/note.txt", "b/30.cfg.off", "b/sub.cfg/x.cfg", "a.cfg"} {
		write(t, filepath.Join(dir, name), smallest)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "b", "loop.cfg")); err != nil {
		t.Fatal(err)
	}
	c, err := Read([]string{dir + "/b", dir + "/a.cfg"}, Environment{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{dir + "/b/10.cfg", dir + "/b/20.cfg", dir + "/a.cfg"}, c.Files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestSectionsOfSeveralFilesBelongTogether(t *testing.T) {
	dir := t.TempDir()
	whole, err := os.ReadFile("testdata/table-nopurge.cfg")
	if err != nil {
		t.Fatal(err)
	}
	first, second, _ := strings.Cut(string(whole), "frontend web")
	write(t, dir+"/1.cfg", first)
	write(t, dir+"/2.cfg", "frontend web"+second)
	found := examined(t, with{}, dir)
	if diff := cmp.Diff([]string{"table-nopurge"}, idsOf(found)); diff != "" || found[0].File != dir+"/1.cfg" || found[0].Line != 21 {
		t.Errorf("%s\n%s", diff, rendered(found))
	}
}

func TestWhatCannotBeReadIsSaid(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/binary.cfg", "global\n\x00\x01")
	write(t, dir+"/empty/readme", "")
	write(t, dir+"/huge.cfg", smallest)
	if err := os.Truncate(dir+"/huge.cfg", MaxBytes+1); err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/crowd.cfg", strings.Repeat("backend a\n", maxSections+1))
	write(t, dir+"/rules.cfg", "backend a\n"+strings.Repeat("http-response track-sc0 src\nhttp-response sc-inc-gpc0(0)\n", 1000))
	write(t, dir+"/heirs.cfg", "defaults\n"+strings.Repeat("http-request deny\n", 1000)+strings.Repeat("backend a\n", 1001))
	if err := os.Symlink(dir+"/self.cfg", dir+"/self.cfg"); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ path, part string }{
		{dir + "/missing.cfg", "no such file"},
		{dir + "/binary.cfg", "byte 8 is NUL"},
		{dir + "/empty", "no file *.cfg"},
		{dir + "/huge.cfg", "more than 100 MB"},
		{dir + "/self.cfg", "too many levels of symbolic links"},
		{os.DevNull, "no regular file"},
		{dir + "/crowd.cfg", "more than 25000 sections"},
		{dir + "/heirs.cfg", "more than 1000000 lines"},
		{dir + "/rules.cfg", "more than 200000 ways"},
	} {
		if _, err := Read([]string{row.path}, Environment{}); err == nil || !strings.Contains(err.Error(), row.part) {
			t.Errorf("%s: %v, want %q", row.path, err, row.part)
		}
	}
	if _, err := Read(nil, Environment{}); err == nil {
		t.Error("no file, and no error")
	}
}

func TestAnUnreadableMapIsNotGuessed(t *testing.T) {
	c := parse(nil, Environment{})
	for range 2 {
		if values, readable := c.mapValues("testdata/no-such.map"); readable || values != nil {
			t.Errorf("got %v, %v", values, readable)
		}
	}
}
