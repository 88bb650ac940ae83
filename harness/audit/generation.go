package audit

import (
	"slices"
	"strings"
)

// generationOf returns the steps that make the generation in a key: what names
// the process that counts. There are none in a plain key.
func (c *Configuration) generationOf(key []sample) []sample {
	var found []sample
	for _, s := range c.origins(key) {
		if s.name == "pid" {
			found = append(found, s)
		}
		for _, arg := range s.args {
			if strings.HasPrefix(arg, "proc.") {
				found = append(found, sample{name: "var", args: []string{arg}})
			}
		}
	}
	return c.origins(found)
}

func has(samples []sample, fetch string) bool {
	return slices.ContainsFunc(samples, func(s sample) bool { return s.name == fetch })
}

// named says whether something in a generation tells instances apart.
func named(generation []sample) bool {
	return slices.ContainsFunc(generation, func(s sample) bool {
		switch s.name {
		case "hostname":
			return true
		case "str", "concat":
			return slices.ContainsFunc(s.args, func(arg string) bool {
				return !isVariable(arg) && strings.ContainsAny(strings.ToLower(arg), "abcdefghijklmnopqrstuvwxyz")
			})
		}
		return false
	})
}

// separated says whether a bar stands between the customer and the generation.
func (c *Configuration) separated(key []sample) bool {
	return slices.ContainsFunc(c.origins(key), func(s sample) bool {
		return slices.ContainsFunc(s.args, func(arg string) bool { return strings.Contains(arg, "|") })
	})
}
