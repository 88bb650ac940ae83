package containers

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"
)

// bootstrapWith makes an image of a recipe of its own, with a script in place of
// mmdebstrap.
func bootstrapWith(t *testing.T, d *docker, script string, within time.Duration) (r recipe, err error) {
	t.Helper()
	dir := t.TempDir()
	if script != "" {
		if err := os.WriteFile(filepath.Join(dir, "mmdebstrap"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	if script == "" {
		t.Setenv("PATH", dir)
	}
	r = recipe{name: "haproof-test/" + strings.ToLower(t.Name()) + ":1", suite: "none", packages: []string{"nothing"}}
	t.Cleanup(func() {
		_, err := d.api.ImageRemove(context.Background(), r.name, client.ImageRemoveOptions{})
		if err != nil && !errdefs.IsNotFound(err) {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	b := &builder{docker: d, say: func(line string) { t.Log(line) }}
	return r, b.fromPackages(ctx, r)
}

// oneFile writes a whole archive with one file.
const oneFile = `cd "$(mktemp -d)" && echo hello >file && tar -c file && rm -r "$PWD"` + "\n"

func TestImportedImageBearsItsLabels(t *testing.T) {
	d := needDocker(t)
	r, err := bootstrapWith(t, d, oneFile, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.api.ImageInspect(t.Context(), r.name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.labels(), got.Config.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if len(got.Config.ExposedPorts) > 0 {
		t.Errorf("exposes %v", got.Config.ExposedPorts)
	}
}

func TestImageWhoseBuildFailsIsNotKept(t *testing.T) {
	d := needDocker(t)
	r, err := bootstrapWith(t, d, oneFile+"echo 'E: the proof failed' >&2; exit 25\n", time.Minute)
	if err == nil || !strings.Contains(err.Error(), "exit status 25") || strings.Count(err.Error(), "E: the proof failed") != 1 {
		t.Errorf("error %q, want the status and mmdebstrap's own words, once", err)
	}
	if _, err := d.api.ImageInspect(t.Context(), r.name); !errdefs.IsNotFound(err) {
		t.Errorf("the image is there: %v", err)
	}
}

func TestImageThatIsNoArchiveIsTheDaemonsError(t *testing.T) {
	d := needDocker(t)
	began := time.Now()
	_, err := bootstrapWith(t, d, "yes this is no archive | head -c 3000000; sleep 600\n", time.Minute)
	if err == nil || !strings.Contains(err.Error(), "import: ") || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %q, want the import's", err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("ended after %v: what makes the image outlived the import", took)
	}
}

// The script does what mmdebstrap does when it is told to end: it ends its whole
// process group, which must not be that of the test.
func TestBuildEndsWithItsContextAndEndsNobodyElse(t *testing.T) {
	d := needDocker(t)
	began := time.Now()
	_, err := bootstrapWith(t, d, "trap 'trap \"\" HUP; kill -HUP 0; exit 1' TERM\nsleep 600 & wait\n", 300*time.Millisecond)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the end of the context", err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("ended after %v", took)
	}
}

func TestMissingBootstrapProgramNamesItsPackage(t *testing.T) {
	d := needDocker(t)
	_, err := bootstrapWith(t, d, "", time.Minute)
	var lacking *EnvironmentError
	if !errors.As(err, &lacking) || !strings.Contains(lacking.Mend, "apt-get install mmdebstrap") {
		t.Errorf("got %v, want an EnvironmentError with the package to install", err)
	}
}
