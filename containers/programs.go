package containers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/haproof/haproof/harness"
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

// missingPrograms checks that the process engine can run every node, and that
// what is installed is the version asked for.
func missingPrograms(ctx context.Context, p *plan) error {
	for _, n := range p.nodes {
		for _, program := range n.component.programs(n.tier) {
			if _, err := lookPath(program.name, p.options.searchPath()); err != nil {
				name := strings.TrimSuffix(program.name, "*")
				return &EnvironmentError{
					What: fmt.Sprintf("%s, which %s needs, is not installed", name, n.name), Err: err,
					Mend: "install it: apt-get install " + program.install,
				}
			}
		}
		if n.tierName == harness.TierProxy {
			if err := installedVersion(ctx, p, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// installedVersion refuses a version of HAProxy other than the installed one.
func installedVersion(ctx context.Context, p *plan, n *node) error {
	wanted := haproxyWanted(p, n)
	if wanted == "" || wanted == installed {
		return nil
	}
	path, err := lookPath(orElse(n.tier.Binary, "haproxy"), p.options.searchPath())
	if err != nil {
		return err
	}
	output, err := exec.CommandContext(ctx, path, "-v").Output()
	if err != nil {
		return &EnvironmentError{What: path + " -v", Err: err}
	}
	have := haproxyBanner(output)
	if have == wanted || strings.HasPrefix(have, wanted+".") {
		return nil
	}
	return &EnvironmentError{
		What: fmt.Sprintf("%s wants HAProxy %s, but %s is %s", n.name, wanted, path, have),
		Mend: "use the docker engine, or name another binary in the tier",
	}
}

// haproxyBanner reads "HAProxy version 2.6.12-1+deb12u4 2026/10/17 - …".
func haproxyBanner(output []byte) string {
	words := strings.Fields(firstLine(output))
	if len(words) < 3 {
		return "unknown"
	}
	return upstreamVersion(words[2])
}
