package containers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/moby/moby/client"
	"github.com/moby/moby/client/pkg/jsonmessage"
)

// bootstrapOptions are mmdebstrap's for every image. The variant has what
// Debian calls essential, without apt. Release files of mirrors may be past
// their date. Folders nobody reads are removed by a hook, not by dpkg's
// path-exclude, which made every package take half a second longer.
var bootstrapOptions = []string{
	"--variant=essential",
	"--format=tar",
	`--aptopt=Acquire::Check-Valid-Until "false"`,
	"--dpkgopt=force-unsafe-io",
	`--customize-hook=cd "$1" && rm -rf ` + strings.ReplaceAll(strings.Join(unread, " "), "/usr", "usr"),
}

// bootstrapArgs are the arguments of mmdebstrap that write the image's files as
// a tar stream to stdout. Without a mirror mmdebstrap uses its own default.
func (r recipe) bootstrapArgs(mirror string) []string {
	args := slices.Clone(bootstrapOptions)
	args = append(args, "--include="+strings.Join(r.packages, ","))
	if r.overlay != "" {
		args = append(args, fmt.Sprintf(
			`--setup-hook=cd "$1/etc/apt" && sed "s/ %[1]s / %[2]s /" sources.list >sources.list.d/%[2]s.list`, r.suite, r.overlay))
	}
	for _, proof := range r.proofs {
		args = append(args, `--customize-hook=chroot "$1" /bin/sh -c `+shellQuote(proof))
	}
	args = append(args, r.suite, "-")
	if mirror != "" {
		args = append(args, mirror)
	}
	return args
}

// fromPackages makes the image from Debian's packages alone.
func (b *builder) fromPackages(ctx context.Context, r recipe) error {
	program, err := lookPath("mmdebstrap", Options{}.searchPath())
	if err != nil {
		return &EnvironmentError{
			What: "no registry answers, and mmdebstrap is not installed", Err: err,
			Mend: "install it: apt-get install mmdebstrap",
		}
	}
	reader, writer := io.Pipe()
	made := make(chan error, 1)
	making, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		err := b.bootstrap(making, program, r, writer)
		made <- err
		_ = writer.CloseWithError(err) // a half-made image must not look like a whole one
	}()
	imported := b.docker.importImage(ctx, r, reader)
	first := imported
	select {
	case err := <-made: // its failure is the cause of the import's
		first = cmp.Or(err, imported)
	default:
		stop()
		_ = reader.CloseWithError(errImportEnded)
		<-made
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return first
}

var errImportEnded = errors.New("the daemon has ended the import")

func (b *builder) bootstrap(ctx context.Context, program string, r recipe, tar io.Writer) error {
	output := &lastLines{keep: 12, each: func(line string) {
		if stage := bootstrapStage(line); stage != "" {
			b.say(r.name + ": " + stage)
		}
	}}
	cmd := exec.CommandContext(ctx, program, r.bootstrapArgs(hostMirror("/"))...)
	cmd.Stdout, cmd.Stderr = tar, output
	cmd.Env = append(os.Environ(), "TMPDIR="+unpackDir())
	// In a process group of its own, because it ends its whole group when it is
	// interrupted; and only a signal to the whole group, as a terminal sends it,
	// interrupts it at once. Then it removes what it had unpacked.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("mmdebstrap: %w\n%s", err, output)
	}
	return nil
}

// bootstrapStage picks from mmdebstrap's output what takes long, such as
// "I: installing essential packages...".
func bootstrapStage(line string) string {
	stage, _ := strings.CutPrefix(line, "I: ")
	for _, verb := range []string{"downloading ", "extracting ", "installing "} {
		if strings.HasPrefix(stage, verb) && stage != line {
			return strings.TrimSuffix(stage, "...")
		}
	}
	return ""
}

// unpackDir is where packages are unpacked: in memory if there is plenty and
// devices can be made there, which takes a third of the time.
func unpackDir() string {
	const memory, enough = "/dev/shm", 2 << 30
	const unfit = 0x2 | 0x4 | 0x8 // ST_NOSUID, ST_NODEV, ST_NOEXEC of statfs(2)
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err != nil || fs.Flags&unfit != 0 || fs.Bavail*uint64(fs.Bsize) < enough {
		return os.TempDir()
	}
	return memory
}

// importImage makes an image of a tar stream.
func (d *docker) importImage(ctx context.Context, r recipe, tar io.Reader) error {
	var changes []string
	for name, value := range r.labels() {
		changes = append(changes, fmt.Sprintf("LABEL %s=%s", name, value))
	}
	answer, err := d.api.ImageImport(ctx, client.ImageImportSource{Source: tar, SourceName: "-"}, r.name,
		client.ImageImportOptions{Changes: changes})
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	defer func() { _ = answer.Close() }()
	if err := jsonmessage.DisplayStream(answer, io.Discard); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	return nil
}

// shellQuote makes one word of a shell out of any text.
func shellQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
