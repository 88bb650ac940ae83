package audit

import "strings"

// definition is one place where a variable is set.
type definition struct {
	samples [][]sample // one expression; of a format as many as it has
	literal string     // of a format: what stands around them
}

// collectVariables finds all that set a variable, in global and in rules.
func (c *Configuration) collectVariables() {
	for _, keyword := range []string{"set-var", "set-var-fmt"} {
		for _, l := range c.globals(keyword) {
			c.define(l.word(1), l.word(2), keyword)
		}
	}
	for _, p := range c.proxies {
		for _, r := range p.rules {
			if variable, ok := r.sets(); ok {
				c.define(variable, r.word(0), r.action)
			}
		}
	}
}

func (c *Configuration) define(name, text, keyword string) {
	d := definition{samples: [][]sample{expression(text)}}
	if keyword == "set-var-fmt" {
		d = definition{samples: format(text), literal: text}
	}
	c.variables[name] = append(c.variables[name], d)
}

// isVariable says whether an argument is the name of a variable.
func isVariable(text string) bool {
	scope, _, named := strings.Cut(text, ".")
	return named && (scope == "proc" || scope == "sess" || scope == "txn" || scope == "req" || scope == "res" || scope == "check")
}

// origins returns all steps that a value may have gone through: those of the
// expression, and of the variables in it wherever they are set.
func (c *Configuration) origins(samples []sample) []sample {
	seen := map[string]bool{}
	all := append([]sample(nil), samples...)
	for i := 0; i < len(all); i++ {
		for _, arg := range all[i].args {
			if !isVariable(arg) || seen[arg] {
				continue
			}
			seen[arg] = true
			for _, d := range c.variables[arg] {
				if d.literal != "" {
					all = append(all, sample{name: "str", args: []string{d.literal}})
				}
				for _, expression := range d.samples {
					all = append(all, expression...)
				}
			}
		}
	}
	return all
}
