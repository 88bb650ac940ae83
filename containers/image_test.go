package containers

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/api/types/image"
)

func TestImagesAreKnownByNameAndByTheirOnlyTag(t *testing.T) {
	want := []string{"haproof/haproxy:2.6", "haproof/haproxy:3.0", "haproof/haproxy:3.2", "haproof/haproxy:3.4", "haproof/web:bookworm"}
	if diff := cmp.Diff(want, ImageNames()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	for name, want := range map[string]string{
		"haproof/haproxy:3.2":  "haproof/haproxy:3.2",
		"haproof/web":          "haproof/web:bookworm",
		"haproof/web:bookworm": "haproof/web:bookworm",
		"haproof/haproxy":      "", // which one?
		"haproof/haproxy:9.9":  "",
		"haproof/we":           "",
		"":                     "",
	} {
		r, err := recipeFor(name)
		var lacking *EnvironmentError
		if r.name != want || (want == "") != errors.As(err, &lacking) {
			t.Errorf("recipeFor(%q) = %q, %v, want %q", name, r.name, err, want)
		}
	}
}

func TestImageMadeByAnotherRecipeIsStale(t *testing.T) {
	r, err := recipeFor(testImage)
	if err != nil {
		t.Fatal(err)
	}
	changed := r
	changed.packages = []string{"haproxy", "socat"}
	labels := map[string]string{imageLabel: imageValue, schemaLabel: changed.schema()}
	found := []image.Summary{
		{ID: "sha256:1", RepoTags: []string{"other:1", testImage}, Labels: labels, Size: 73_758_944, Created: 1_700_000_000},
		{ID: "sha256:2", RepoTags: []string{"haproof/web:bookworm"}, Labels: recipes[4].labels(), Size: 188_885_994, Created: 1_700_000_001},
	}
	want := []Image{
		{Name: "haproof/haproxy:2.6", Suite: "bookworm"},
		{Name: testImage, Suite: "trixie", Present: true, Stale: true, ID: "sha256:1", Bytes: 73_758_944, Created: time.Unix(1_700_000_000, 0).UTC()},
		{Name: "haproof/haproxy:3.2", Suite: "forky"},
		{Name: "haproof/haproxy:3.4", Suite: "sid"},
		{Name: "haproof/web:bookworm", Suite: "bookworm", Present: true, ID: "sha256:2", Bytes: 188_885_994, Created: time.Unix(1_700_000_001, 0).UTC()},
	}
	got := judgeImages(found)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("images (-want +got):\n%s", diff)
	}
	var states []string
	for _, i := range got {
		states = append(states, i.State())
	}
	if diff := cmp.Diff([]string{"missing", "stale", "missing", "missing", "188 MB"}, states); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestDockerfileTakesOnlyTheNamedPackageFromTheOverlay(t *testing.T) {
	r, err := recipeFor("haproof/haproxy:3.4")
	if err != nil {
		t.Fatal(err)
	}
	want := `FROM debian:sid-slim
RUN set -eu; \
    sed -i 's/^Suites: .*/& experimental/' /etc/apt/sources.list.d/debian.sources; \
    apt-get -o Acquire::Check-Valid-Until=false update; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends haproxy/experimental; \
    haproxy -v | grep -qF "version 3.4."; \
    rm -rf /var/lib/apt/lists/* /usr/share/doc /usr/share/man /usr/share/info /usr/share/locale
`
	if diff := cmp.Diff(want, r.dockerfile()); diff != "" {
		t.Errorf("Dockerfile (-want +got):\n%s", diff)
	}
}

func TestBootstrapProvesTheVersionAndUsesTheHostsMirror(t *testing.T) {
	r, err := recipeFor("haproof/haproxy:3.4")
	if err != nil {
		t.Fatal(err)
	}
	want := append(append([]string{}, bootstrapOptions...),
		"--include=haproxy/experimental",
		`--setup-hook=cd "$1/etc/apt" && sed "s/ sid / experimental /" sources.list >sources.list.d/experimental.list`,
		`--customize-hook=chroot "$1" /bin/sh -c 'haproxy -v | grep -qF "version 3.4."'`,
		"sid", "-")
	if diff := cmp.Diff(want, r.bootstrapArgs("")); diff != "" {
		t.Errorf("without a mirror (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(append(want, "http://mirror.test/debian"), r.bootstrapArgs("http://mirror.test/debian")); diff != "" {
		t.Errorf("with a mirror (-want +got):\n%s", diff)
	}
}

func TestMirrorIsTheHostsOwnArchiveOfDebian(t *testing.T) {
	const stanza = "Types: deb\n# a comment\nURIs: http://mirror.test/debian\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
	for _, c := range []struct {
		why, release, file, text, want string
	}{
		{"stanza", "ID=debian", "sources.list.d/debian.sources", stanza, "http://mirror.test/debian"},
		{"stanza after a disabled one", "ID=debian", "sources.list.d/debian.sources",
			strings.Replace(stanza, "mirror", "other", 1) + "Enabled: no\n\n" + stanza, "http://mirror.test/debian"},
		{"stanza with values on lines of their own", "ID=debian", "sources.list.d/debian.sources",
			"Types:\n deb\n deb-src\nURIs:\n https://mirror.test/debian\nSuites: trixie\nComponents:\n main\n contrib\n", "https://mirror.test/debian"},
		{"snapshot, known by its keyring", "ID=debian", "sources.list",
			"deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://snapshot.test/2026 trixie main\n", "http://snapshot.test/2026"},
		{"one line after a comment and sources", "ID=debian", "sources.list",
			"# deb http://off.test/debian sid main\ndeb-src http://src.test/debian sid main\ndeb http://mirror.test/debian trixie main contrib # x\n", "http://mirror.test/debian"},
		{"only security", "ID=debian", "sources.list", "deb http://mirror.test/debian bookworm-security main\n", ""},
		{"another archive with the same suite", "ID=debian", "sources.list.d/php.list", "deb http://php.test/php bookworm main\n", ""},
		{"another derivative", "ID=ubuntu", "sources.list.d/debian.sources", stanza, ""},
		{"a disc", "ID=debian", "sources.list", "deb cdrom:[disc]/debian bookworm main\n", ""},
		{"nothing", "ID=debian", "sources.list", "", ""},
	} {
		root := t.TempDir()
		path := filepath.Join(root, "etc/apt", c.file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		for path, text := range map[string]string{path: c.text, filepath.Join(root, "etc/os-release"): "NAME=x\n" + c.release + "\n"} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := hostMirror(root); got != c.want {
			t.Errorf("%s: mirror %q, want %q", c.why, got, c.want)
		}
	}
}

func TestImageLockIsHeldByOneAtATime(t *testing.T) {
	dir := t.TempDir()
	silent := func(string) {}
	unlock, err := lockImage(t.Context(), dir, testImage, silent)
	if err != nil {
		t.Fatal(err)
	}
	other, err := lockImage(t.Context(), dir, "haproof/web:bookworm", silent)
	if err != nil {
		t.Fatalf("another image's lock: %v", err)
	}
	other()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var said []string
	if _, err := lockImage(ctx, dir, testImage, func(line string) { said = append(said, line) }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a held lock was taken, or not waited for: %v", err)
	}
	if len(said) != 1 || !strings.Contains(said[0], "another process builds it") {
		t.Errorf("who waits says %q, want one line", said)
	}
	unlock()
	again, err := lockImage(t.Context(), dir, testImage, silent)
	if err != nil {
		t.Fatalf("a lock that was given back: %v", err)
	}
	again()
}

func TestLastLinesKeepWhatAFailureNeeds(t *testing.T) {
	var seen []string
	l := &lastLines{keep: 2, each: func(line string) { seen = append(seen, line) }}
	for _, text := range []string{"one\ntw", "o\n", "10%\r50%\rthree\nfour\n", "unfinished"} {
		if n, err := l.Write([]byte(text)); n != len(text) || err != nil {
			t.Errorf("Write = %d, %v", n, err)
		}
	}
	if diff := cmp.Diff([]string{"one", "two", "three", "four"}, seen); diff != "" {
		t.Errorf("lines seen (-want +got):\n%s", diff)
	}
	if got := l.String(); got != "three\nfour" {
		t.Errorf("kept %q", got)
	}
}

func TestBuildSaysOnlyItsLongStages(t *testing.T) {
	for line, want := range map[string]string{
		"I: installing essential packages...": "installing essential packages",
		"I: running apt-get update...":        "",
		"I: success in 12.8951 seconds":       "",
		"installing nothing":                  "",
	} {
		if got := bootstrapStage(line); got != want {
			t.Errorf("bootstrapStage(%q) = %q, want %q", line, got, want)
		}
	}
}

func TestPresentImagesAreNotBuiltAgain(t *testing.T) {
	d := needDocker(t)
	before, err := d.images(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	opts := ImageOptions{WorkDir: t.TempDir(), Progress: func(line string) { said = append(said, line) }}
	if err := EnsureImages(t.Context(), []string{testImage, "haproof/web", testImage}, opts); err != nil {
		t.Fatal(err)
	}
	after, err := ListImages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" || len(said) > 0 {
		t.Errorf("said %q, images changed (-before +after):\n%s", said, diff)
	}
	if !after[1].Present || after[1].Stale || !after[4].Present || after[4].Stale {
		t.Errorf("after EnsureImages: %+v", after)
	}
	if err := EnsureImages(t.Context(), []string{"haproof/haproxy:1.5"}, opts); err == nil {
		t.Error("an unknown image was accepted")
	}
}
