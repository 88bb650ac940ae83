package harness

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Set edits the scenario before it is decoded: path is dotted, such as
// topology.backend.count, and value is what would stand in the file. An empty
// value takes the field out. A path that is an axis is fixed to the value. Tiers
// cannot be added. Whether field and value are good is said by Cells; the error
// here, a *LoadError, is about the path.
func (doc *Document) Set(path, value string) error {
	doc.sets = append(doc.sets, fmt.Sprintf("--set %s=%s", path, value))
	line := -len(doc.sets)
	node, text := setNode(value, line)
	if text != "" {
		return doc.refuse(line, text, "")
	}
	keys := pathKeys(path)
	if axis := child(child(doc.root, "axes"), path); axis != nil && node != nil {
		keys = []string{"axes", path}
		node = &yaml.Node{Kind: yaml.SequenceNode, Line: line, Content: []*yaml.Node{node}}
	}
	root, text, suggestion := with(doc.root, keys, &yaml.Node{Kind: yaml.ScalarNode, Line: line}, node)
	if text != "" {
		return doc.refuse(line, text, suggestion)
	}
	doc.root = root
	return nil
}

func (doc *Document) refuse(line int, text, suggestion string) error {
	p := doc.problemAt(&yaml.Node{Line: line}, text, suggestion)
	return &LoadError{Problems: []Problem{p}}
}

// setNode parses the value of a setting: lists and mappings in flow style,
// everything else is taken as it stands. It returns nil for no value.
func setNode(value string, line int) (node *yaml.Node, text string) {
	if value == "" {
		return nil, ""
	}
	if value[0] != '[' && value[0] != '{' {
		return &yaml.Node{Kind: yaml.ScalarNode, Value: value, Line: line}, ""
	}
	if len(value) > MaxScenarioBytes {
		return nil, fmt.Sprintf("the value has %d bytes, more than the limit of %d", len(value), MaxScenarioBytes)
	}
	var doc yaml.Node
	if err := decodeNode(yaml.NewDecoder(strings.NewReader(value)), &doc); err != nil {
		return nil, "the value is not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")
	}
	node = doc.Content[0]
	place(node, line)
	return node, ""
}

// place marks a subtree as brought in by a setting. Aliases are not followed.
func place(n *yaml.Node, line int) {
	n.Line, n.Column = line, 0
	for _, c := range n.Content {
		place(c, line)
	}
}

// pathKeys splits a dotted path. The keys below axes are paths themselves.
func pathKeys(path string) []string {
	if rest, ok := strings.CutPrefix(path, "axes."); ok {
		return []string{"axes", rest}
	}
	return strings.Split(path, ".")
}

// with returns the tree with value at keys; the old tree is left as it was. It
// makes missing mappings, except tiers; at tells where new keys come from. A nil
// value takes the key out.
func with(root *yaml.Node, keys []string, at, value *yaml.Node) (tree *yaml.Node, text, suggestion string) {
	if slices.Contains(keys, "") {
		return nil, "the path has an empty part", "write a path such as topology.backend.count"
	}
	if keys[0] == "topology" && len(keys) > 1 && child(child(root, "topology"), keys[1]) == nil {
		tiers := mappingKeys(child(root, "topology"))
		return nil, fmt.Sprintf("the topology has no tier %q", keys[1]), Suggest(keys[1], tiers)
	}
	return graft(root, keys, at, value)
}

func graft(n *yaml.Node, keys []string, at, value *yaml.Node) (tree *yaml.Node, text, suggestion string) {
	if len(keys) == 0 {
		return value, "", ""
	}
	if n == nil {
		n = &yaml.Node{Kind: yaml.MappingNode, Line: at.Line, Column: at.Column}
	}
	if n.Kind != yaml.MappingNode {
		return nil, fmt.Sprintf("nothing can be set below %s", described(n)), ""
	}
	changed, text, suggestion := graft(child(n, keys[0]), keys[1:], at, value)
	if text != "" {
		return nil, text, suggestion
	}
	return replaced(n, keys[0], at, changed), "", ""
}

// replaced returns a copy of the mapping n with another value at key.
func replaced(n *yaml.Node, key string, at, value *yaml.Node) *yaml.Node {
	twin := *n
	twin.Content = slices.Clone(n.Content)
	for i := 0; i+1 < len(twin.Content); i += 2 {
		if twin.Content[i].Value != key {
			continue
		}
		if value == nil {
			twin.Content = slices.Delete(twin.Content, i, i+2)
		} else {
			twin.Content[i+1] = value
		}
		return &twin
	}
	if value != nil {
		name := &yaml.Node{Kind: yaml.ScalarNode, Value: key, Line: at.Line, Column: at.Column}
		twin.Content = append(twin.Content, name, value)
	}
	return &twin
}

// child returns the value of a key of a mapping, nil where there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func mappingKeys(n *yaml.Node) []string {
	var keys []string
	if n != nil && n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			keys = append(keys, n.Content[i].Value)
		}
	}
	return keys
}
