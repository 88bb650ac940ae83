package containers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// recipe says what is in an image.
type recipe struct {
	name     string
	suite    string   // of Debian
	overlay  string   // a suite on top of it that packages may be taken from by name, such as haproxy/experimental
	packages []string // with what they depend on, but not what they recommend
	proofs   []string // shell commands that fail if the image is not what its name says
}

// recipes are all images, the only place that lists them.
var recipes = []recipe{
	haproxyRecipe("2.6", "bookworm", ""),
	haproxyRecipe("3.0", "trixie", ""),
	haproxyRecipe("3.2", "forky", ""),
	haproxyRecipe("3.4", "sid", "experimental"),
	{
		name: "haproof/web:bookworm", suite: "bookworm",
		// Without the last one php-fpm brings all of systemd in.
		packages: []string{"nginx", "php-fpm", "systemd-standalone-tmpfiles"},
		proofs: []string{
			`nginx -V 2>&1 | grep -q stub_status`,
			`php-fpm8.2 -n -d zend_extension=opcache.so -m | grep -q OPcache`,
		},
	},
}

// haproxyRecipe takes HAProxy from a suite of Debian. The proof is needed: a
// suite moves on to the next version one day.
func haproxyRecipe(version, suite, overlay string) recipe {
	r := recipe{
		name: "haproof/haproxy:" + version, suite: suite, overlay: overlay, packages: []string{"haproxy"},
		proofs: []string{`haproxy -v | grep -qF "version ` + version + `."`},
	}
	if overlay != "" {
		r.packages = []string{"haproxy/" + overlay}
	}
	return r
}

// HAProxyVersions are those that there is an image of, oldest first.
func HAProxyVersions() []string {
	var versions []string
	for _, r := range recipes {
		if version, ok := strings.CutPrefix(r.name, "haproof/haproxy:"); ok {
			versions = append(versions, version)
		}
	}
	return versions
}

// recipeFor finds a recipe by its image's name. A name without a tag, such as
// haproof/web, is that of the only image called so.
func recipeFor(name string) (recipe, error) {
	var found []recipe
	for _, r := range recipes {
		repository, _, _ := strings.Cut(r.name, ":")
		if name == r.name {
			return r, nil
		}
		if name == repository {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		return recipe{}, &EnvironmentError{
			What: fmt.Sprintf("unknown image %q", name), Mend: "known images: " + strings.Join(ImageNames(), ", "),
		}
	}
	return found[0], nil
}

// unread are folders that no node ever reads.
var unread = []string{"/usr/share/doc", "/usr/share/man", "/usr/share/info", "/usr/share/locale"}

// labels are put on the image.
func (r recipe) labels() map[string]string {
	return map[string]string{imageLabel: imageValue, schemaLabel: r.schema()}
}

// schema is a fingerprint of all that makes the image, so that a changed recipe
// makes the images that it had built stale.
func (r recipe) schema() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%v", []any{r, unread, bootstrapOptions}))
	return hex.EncodeToString(sum[:6])
}

// dockerfile makes the image from the base of the same suite. It has no EXPOSE:
// every exposed port would be published by a proxy process of its own.
func (r recipe) dockerfile() string {
	steps := []string{"set -eu"}
	if r.overlay != "" {
		steps = append(steps, fmt.Sprintf(`sed -i 's/^Suites: .*/& %s/' /etc/apt/sources.list.d/debian.sources`, r.overlay))
	}
	steps = append(steps,
		`apt-get -o Acquire::Check-Valid-Until=false update`,
		`DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends `+strings.Join(r.packages, " "))
	steps = append(steps, r.proofs...)
	steps = append(steps, "rm -rf /var/lib/apt/lists/* "+strings.Join(unread, " "))
	return "FROM " + r.base() + "\nRUN " + strings.Join(steps, "; \\\n    ") + "\n"
}

// base is the public image of the recipe's suite.
func (r recipe) base() string { return "debian:" + r.suite + "-slim" }
