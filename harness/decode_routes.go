package harness

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

var templateFields = []field[Template]{
	{"name", func(d *decoder, v value, t *Template) { d.text(v, &t.Name) }},
	{"weight", func(d *decoder, v value, t *Template) { d.integer(v, &t.Weight) }},
	{"method", func(d *decoder, v value, t *Template) { d.text(v, &t.Method) }},
	{"host", func(d *decoder, v value, t *Template) { d.text(v, &t.Host) }},
	{"path", func(d *decoder, v value, t *Template) { d.text(v, &t.Path) }},
	{"header", func(d *decoder, v value, t *Template) { d.header(v, &t.Header) }},
	{"body", func(d *decoder, v value, t *Template) { d.verbatim(v, &t.Body) }},
	{"status", func(d *decoder, v value, t *Template) { d.integer(v, &t.Status) }},
	{"bytes", func(d *decoder, v value, t *Template) {
		t.Bytes = new(uint64)
		d.unsigned(v, t.Bytes)
	}},
	{"dynamic", func(d *decoder, v value, t *Template) { d.boolean(v, &t.Dynamic) }},
	{"tls", func(d *decoder, v value, t *Template) {
		t.TLS = new(Share)
		d.shareOrNot(v, t.TLS)
	}},
}

// routes decodes the workload's own routes, with their defaults.
func (d *decoder) routes(v value, into *[]Template) {
	if !d.is(v, yaml.SequenceNode) {
		return
	}
	routes := make([]Template, len(v.node.Content))
	for i, n := range v.node.Content {
		route := v.below(fmt.Sprint(i), n)
		d.places[route.path] = n
		t := Template{Weight: 1, Path: "/"}
		mapping(d, route, templateFields, &t)
		if t.Method == "" {
			t.Method = "GET"
			if t.Body != "" {
				t.Method = "POST"
			}
		}
		routes[i] = t
	}
	*into = routes
}

// header decodes the fields of a header, by name.
func (d *decoder) header(v value, into *map[string]string) {
	fields := map[string]string{}
	d.each(v, func(key *yaml.Node, child value) {
		var text string
		d.text(child, &text)
		fields[key.Value] = text
	})
	*into = fields
}

// verbatim decodes a single value with the spaces and line breaks around it.
func (d *decoder) verbatim(v value, into *string) {
	if d.is(v, yaml.ScalarNode) {
		*into = v.node.Value
	}
}

// shareOrNot decodes a share, which may be written true for 1 or false for 0.
func (d *decoder) shareOrNot(v value, into *Share) {
	switch text := strings.TrimSpace(v.node.Value); {
	case v.node.Kind == yaml.ScalarNode && text == "true":
		*into = 1
	case v.node.Kind == yaml.ScalarNode && text == "false":
		*into = 0
	default:
		d.share(v, into)
	}
}

// completeRoutes fills in what follows from the routes, so that a record says what
// was really driven: there is no profile then, and the share that PHP answers is
// that of the routes.
func (d *decoder) completeRoutes(v value, w *Workload) {
	if len(w.Routes) == 0 {
		return
	}
	for _, name := range []string{"profile", "dynamic", "hosts", "work"} {
		child := v.below(name, nil)
		if at := d.places[child.path]; at != nil {
			child.node = at
			d.wrong(child, fmt.Sprintf("%s belongs to a profile, and the workload has routes of its own", name), "take one of them out")
		}
	}
	w.Profile = ""
	w.Dynamic = w.meanOfRoutes(0, func(t *Template) float64 {
		if t.Dynamic {
			return 1
		}
		return 0
	})
}
