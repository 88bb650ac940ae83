package containers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// daemonDirs is where distributions keep daemons; PATH of an ordinary user
// often lacks them.
const daemonDirs = "/usr/local/sbin:/usr/sbin:/sbin"

// lookPath finds a program on a search path. A name that ends with * matches
// any ending; the last match in order of names is taken. A name with a slash is
// the program itself.
func lookPath(name, path string) (string, error) {
	if strings.Contains(name, "/") {
		return exec.LookPath(name)
	}
	for _, dir := range filepath.SplitList(path) {
		matches, err := filepath.Glob(filepath.Join(dir, name))
		if err != nil {
			return "", err
		}
		for i := len(matches) - 1; i >= 0; i-- {
			if executable(matches[i]) {
				return matches[i], nil
			}
		}
	}
	return "", fmt.Errorf("%s: %w", strings.TrimSuffix(name, "*"), exec.ErrNotFound)
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// besideOurselves prefers a program in the folder of the running executable.
func besideOurselves(name string) string {
	self, err := os.Executable()
	if err != nil {
		return name
	}
	if path := filepath.Join(filepath.Dir(self), name); executable(path) {
		return path
	}
	return name
}

// fits says all that keeps the plan from running here, as far as that is known
// before any node starts. Nodes of one tier are alike.
func (p *plan) fits(ctx context.Context) error {
	var errs []error
	if p.engine == engineLocal {
		errs = append(errs, missingPrograms(p))
	}
	for _, n := range p.firsts() {
		if n.component.fits != nil {
			errs = append(errs, n.component.fits(ctx, p, n))
		}
	}
	return errors.Join(append(errs, p.faultsFit())...)
}

// firsts are the first node of each tier.
func (p *plan) firsts() []*node {
	var first []*node
	for _, n := range p.nodes {
		if len(first) == 0 || first[len(first)-1].tierName != n.tierName {
			first = append(first, n)
		}
	}
	return first
}

// missingPrograms names all programs that the process engine lacks, and the
// command that installs them. Binaries that the scenario names are its own.
func missingPrograms(p *plan) error {
	var errs []error
	var names, packages []string
	for _, n := range p.firsts() {
		for _, program := range n.component.programs(n.tier) {
			_, err := lookPath(program.name, p.options.searchPath())
			switch {
			case err == nil:
			case program.install == "":
				errs = append(errs, &EnvironmentError{What: "topology." + n.tierName + ".binary: cannot run " + program.name, Err: err})
			default:
				names = append(names, strings.TrimSuffix(program.name, "*"))
				packages = append(packages, program.install)
			}
		}
	}
	if len(names) > 0 {
		errs = append(errs, &EnvironmentError{
			What: "not installed: " + strings.Join(names, ", "),
			Mend: "install: apt-get install " + strings.Join(packages, " "),
		})
	}
	return errors.Join(errs...)
}

// installedVersion refuses a version of HAProxy other than the installed one.
func installedVersion(ctx context.Context, p *plan, n *node) error {
	wanted := haproxyWanted(p, n)
	if wanted == "" || wanted == installed {
		return nil
	}
	path, err := lookPath(orElse(n.tier.Binary, "haproxy"), p.options.searchPath())
	if err != nil {
		return nil //nolint:nilerr // missingPrograms says so
	}
	have, err := versionOf(ctx, path)
	if err != nil {
		return err
	}
	if isVersion(have, wanted) {
		return nil
	}
	return &EnvironmentError{
		What: fmt.Sprintf("%s wants HAProxy %s, but %s is %s", n.name, wanted, path, have),
		Mend: "use the docker engine, or name another binary in the tier",
	}
}

// isVersion says whether a version is the one asked for, such as 2.6.12 for 2.6.
func isVersion(have, wanted string) bool {
	return have == wanted || strings.HasPrefix(have, wanted+".")
}

// Installed picks, among versions of HAProxy, the one that the process engine would
// run; where none of them is, it returns the word for whatever is installed. An
// *EnvironmentError says that there is none.
func Installed(ctx context.Context, versions []string, opts Options) (string, error) {
	path, err := lookPath("haproxy", opts.searchPath())
	if err != nil {
		return "", &EnvironmentError{What: "not installed: haproxy", Mend: "install: apt-get install haproxy"}
	}
	have, err := versionOf(ctx, path)
	if err != nil {
		return "", err
	}
	for _, v := range versions {
		if isVersion(have, v) {
			return v, nil
		}
	}
	return installed, nil
}

// versionOf asks an HAProxy for its version, such as 2.6.12.
func versionOf(ctx context.Context, path string) (string, error) {
	output, err := exec.CommandContext(ctx, path, "-v").Output()
	if err != nil {
		return "", &EnvironmentError{What: path + " -v", Err: err}
	}
	return haproxyBanner(output), nil
}

// haproxyBanner reads "HAProxy version 2.6.12-1+deb12u4 2026/10/17 - …".
func haproxyBanner(output []byte) string {
	words := strings.Fields(firstLine(output))
	if len(words) < 3 {
		return "unknown"
	}
	return upstreamVersion(words[2])
}
