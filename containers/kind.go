package containers

import (
	"context"
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"

	"github.com/haproof/haproof/harness"
)

// component is one kind of node.
type component struct {
	kind  string
	tier  string // the tier it can make up
	stage int    // nodes of stage 1 are started when those of stage 0 are ready
	takes takes
	// programs are what the process engine needs on this machine.
	programs func(harness.Tier) []program
	image    func(*plan, *node) string // docker only
	// fits returns what keeps such a node from running here, as far as that is
	// known before it starts; nil means that there is nothing more to know.
	fits   func(context.Context, *plan, *node) error
	render func(*plan, *node) (nodeSpec, error)
	// ready returns nil once the node does its work, else what is missing.
	ready func(context.Context, *plan, *node) error
	// complete returns nil once the node has met those that start after it. It
	// is asked when all are ready; nil means there is nothing to meet.
	complete func(context.Context, *plan, *node) error
	// version is what the program says of itself.
	version func(context.Context, *plan, *node) (string, error)
	// complaint picks the lines of a dead node's log that say why it died.
	complaint func(log []string) []string
}

// takes says which settings of a tier, beyond count and cpus, mean something to
// a kind. The others are refused rather than ignored.
type takes struct{ threads, version, program, limits bool }

func (t takes) check(name string, tier harness.Tier) error {
	refuse := func(setting string) error {
		return &EnvironmentError{What: fmt.Sprintf("tier %s: kind %s takes no %s", name, tier.Kind, setting)}
	}
	switch {
	case tier.Threads != 0 && !t.threads:
		return refuse("threads")
	case tier.Version != "" && !t.version:
		return refuse("version")
	case tier.Binary != "" && !t.program:
		return refuse("binary")
	case len(tier.Args) > 0 && !t.program:
		return refuse("args")
	case tier.Limits != nil && !t.limits:
		return refuse("limits")
	}
	return nil
}

// program is one program that a node runs on this machine.
type program struct {
	name    string // as looked up; a name that ends with * matches any ending
	install string // what provides it; empty if the scenario names the program
}

var components = map[string]component{}

// register adds a kind. Kinds are registered by the init function of their file.
func register(c component) {
	if _, twice := components[c.kind]; twice {
		panic("component kind " + c.kind + " registered twice")
	}
	components[c.kind] = c
}

// Kinds returns the component kinds that a tier may have, sorted.
func Kinds() []string { return slices.Sorted(maps.Keys(components)) }

// Images names the images that the docker engine needs for a scenario, sorted.
func Images(sc harness.Scenario, opts Options) ([]string, error) {
	p, err := newPlan(sc, opts, engineDocker)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, n := range p.nodes {
		names[n.component.image(p, n)] = true
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// componentFor returns the kind's component if it can make up the tier.
func componentFor(tier, kind string) (component, error) {
	c, ok := components[kind]
	if !ok {
		return component{}, &EnvironmentError{
			What: fmt.Sprintf("tier %s: unknown component kind %q", tier, kind),
			Mend: "known kinds: " + strings.Join(Kinds(), ", "),
		}
	}
	if c.tier != tier {
		return component{}, &EnvironmentError{
			What: fmt.Sprintf("tier %s: kind %s makes up the tier named %s", tier, kind, c.tier),
			Mend: "rename the tier",
		}
	}
	return c, nil
}

//go:embed image/haproxy/haproxy.cfg.tmpl image/web/nginx.conf.tmpl image/web/php-fpm.conf.tmpl image/web/entry.sh image/web/www/index.php
var images embed.FS

var templates = template.Must(template.ParseFS(images, "image/*/*.tmpl"))

// fill fills in a template, named after its file without folder and .tmpl.
func fill(name string, data any) (file, error) {
	var text strings.Builder
	if err := templates.ExecuteTemplate(&text, name+".tmpl", data); err != nil {
		return file{}, fmt.Errorf("render %s: %w", name, err)
	}
	return file{Content: []byte(text.String())}, nil
}

// embedded returns a file of the images as it is.
func embedded(path string) file {
	content, err := images.ReadFile(path)
	if err != nil {
		panic(err) // go:embed above proves that it exists
	}
	return file{Content: content}
}
