package daemon

import (
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v4"
)

// Most is a limit as configuration files write it: a whole number from 1 on. The
// field of a limit that is not written is 0: there is none.
type Most uint64

// UnmarshalYAML refuses fractions, which would be cut off, and 0, which could mean
// nothing as well as anything.
func (m *Most) UnmarshalYAML(node *yaml.Node) error {
	n, err := strconv.ParseUint(node.Value, 10, 64)
	if node.Kind != yaml.ScalarNode || err != nil || n == 0 {
		return misplaced(node, "limit %q: want a whole number from 1 on; leave it out for no limit", node.Value)
	}
	*m = Most(n)
	return nil
}

// Assignments are the plans of customers. There can be a million of them.
type Assignments map[string]string

// UnmarshalYAML takes time in proportion to the number of customers; the decoder's
// own way of finding keys that are there twice does not.
func (a *Assignments) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return misplaced(node, "want customers with their plans, such as {example: gold}")
	}
	all := make(Assignments, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		customer, name := node.Content[i], node.Content[i+1]
		if customer.Kind != yaml.ScalarNode || name.Kind != yaml.ScalarNode {
			return misplaced(customer, "want a customer and the name of a plan")
		}
		if _, ok := all[customer.Value]; ok {
			return misplaced(customer, "customer %q is there twice", customer.Value)
		}
		all[customer.Value] = name.Value
	}
	*a = all
	return nil
}

// misplaced is an error that the decoder reports together with others.
func misplaced(node *yaml.Node, format string, args ...any) error {
	return &yaml.TypeError{Errors: []*yaml.UnmarshalError{{Err: fmt.Errorf(format, args...), Line: node.Line, Column: node.Column}}}
}
