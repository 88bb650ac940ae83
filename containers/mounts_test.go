package containers

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

func TestMountsAreReadWithTheirBlanks(t *testing.T) {
	table := "24 1 0:22 / / rw - ext4 /dev/vda rw\n" +
		"36 24 0:40 / /tmp/labs/x/tracker1/store rw,relatime shared:1 - tmpfs tmpfs rw\n" +
		"37 24 0:41 / /tmp/labs/x/with\\040blank rw - tmpfs tmpfs rw\n" +
		"38 24 0:42 / /tmp/labs/xy rw - tmpfs tmpfs rw\n"
	want := []string{"/tmp/labs/x/tracker1/store", "/tmp/labs/x/with blank"}
	if diff := cmp.Diff(want, mountsBelow(table, "/tmp/labs/x")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMountedDirectoryIsRemoved(t *testing.T) {
	if os.Getuid() != 0 {
		realtest.Missing(t, errors.New("only root can mount"))
	}
	dir := filepath.Join(realtest.ShortDir(t), "lab")
	store := filepath.Join(dir, "tracker1", "store")
	if err := os.MkdirAll(store, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", store, "tmpfs", 0, "size=1048576"); err != nil {
		t.Fatal(err)
	}
	held, err := os.Create(filepath.Join(store, "counts.db")) // of a program that still runs
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := fillUp(filepath.Join(store, ballast)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(store, "more"), []byte("x"), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a byte more: %v", err)
	}
	link := filepath.Join(filepath.Dir(dir), "link") // as /tmp itself may be one
	if err := os.Symlink(".", link); err != nil {
		t.Fatal(err)
	}
	if err := removeLabFiles(filepath.Join(link, "lab")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}
