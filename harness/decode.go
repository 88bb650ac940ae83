package harness

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"
)

// decoder turns the tree of a scenario into values. It goes on after a problem,
// so that all problems come at once.
type decoder struct {
	doc      *Document
	problems []Problem
	places   map[string]*yaml.Node // where each path stands
	broken   map[string]bool       // paths that have a problem already
}

// maxNoted bounds the problems that one decoder notes: with many cells, every
// one of them would be noted many times.
const maxNoted = 20 * maxProblems

// maxEntries bounds the entries of a list or a mapping.
const maxEntries = 1000

// value is a node and its dotted path, which is empty for the whole file.
type value struct {
	path string
	node *yaml.Node
}

func (v value) below(name string, node *yaml.Node) value {
	if v.path != "" {
		name = v.path + "." + name
	}
	return value{path: name, node: node}
}

// field is one name that may stand in a mapping, and how its value is decoded.
type field[T any] struct {
	name   string
	decode func(*decoder, value, *T)
}

// mapping decodes v by a table of fields. Absent fields keep what into holds.
func mapping[T any](d *decoder, v value, fields []field[T], into *T) {
	d.each(v, func(key *yaml.Node, child value) {
		i := slices.IndexFunc(fields, func(f field[T]) bool { return f.name == key.Value })
		if i >= 0 {
			fields[i].decode(d, child, into)
			return
		}
		names := make([]string, len(fields))
		for i, f := range fields {
			names[i] = f.name
		}
		d.wrong(value{child.path, key}, fmt.Sprintf("unknown field %q%s", key.Value, in(v.path)), Suggest(key.Value, names))
		if near := nearest(key.Value, names); near != "" {
			d.broken[v.below(near, nil).path] = true // misspelt, so not missing
		}
	})
}

func in(path string) string {
	if path == "" {
		return ""
	}
	return " in " + path
}

// each visits the entries of a mapping, every name once.
func (d *decoder) each(v value, visit func(key *yaml.Node, child value)) {
	if !d.is(v, yaml.MappingNode) {
		return
	}
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key, node := v.node.Content[i], v.node.Content[i+1]
		child := v.below(key.Value, node)
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			d.wrong(value{child.path, key}, "a field name is plain text here, not "+described(key), "")
			continue
		}
		if first := seen[key.Value]; first != nil {
			suggestion := "keep one of them"
			if first.Line > 0 {
				suggestion = fmt.Sprintf("it is first in line %d; keep one of them", first.Line)
			}
			d.wrong(value{child.path, key}, fmt.Sprintf("%s stands here twice", key.Value), suggestion)
			continue
		}
		seen[key.Value] = key
		d.places[child.path] = node
		visit(key, child)
	}
}

// is demands a kind of node.
func (d *decoder) is(v value, kind yaml.Kind) bool {
	suggestion := ""
	switch {
	case v.node.Kind == yaml.AliasNode:
		suggestion = "write the value out"
	case len(v.node.Content) > maxEntries && (kind != yaml.MappingNode || len(v.node.Content) > 2*maxEntries):
		d.wrong(v, fmt.Sprintf("more than %d entries", maxEntries), "")
		return false
	case v.node.Kind == kind && v.node.Style&yaml.TaggedStyle == 0 && v.node.Tag != "!!null":
		return true
	case v.node.Kind == kind && v.node.Style&yaml.TaggedStyle != 0:
		d.wrong(v, fmt.Sprintf("tag %s has no meaning here", v.node.Tag), "write the value without a tag")
		return false
	}
	name := v.path
	if name == "" {
		name = "a scenario"
	}
	want := described(&yaml.Node{Kind: kind})
	d.wrong(v, fmt.Sprintf("%s is %s, want %s", name, described(v.node), want), suggestion)
	return false
}

// wrong notes a problem at a value.
func (d *decoder) wrong(v value, text, suggestion string) {
	d.broken[v.path] = true
	if len(d.problems) == maxNoted {
		return
	}
	d.problems = append(d.problems, d.doc.problemAt(v.node, text, suggestion))
}

// place returns where a path stands, or else what it would stand in.
func (d *decoder) place(path string) *yaml.Node {
	for ; path != ""; path = parent(path) {
		if n := d.places[path]; n != nil {
			return n
		}
	}
	return d.doc.root
}

// described names a kind of node in the user's words.
func described(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.AliasNode:
		return "an alias"
	case n.Tag == "!!merge":
		return "a merge"
	case n.Tag == "!!null":
		return "empty"
	}
	return "a single value"
}
