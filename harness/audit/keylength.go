package audit

import (
	"bytes"
	"path/filepath"
	"strings"
)

// longest is the longest value of an expression that can be known.
type longest struct {
	text string
	all  bool // every value is known, not only some
	n    int  // how many different values are known, at least
}

// These lengths are added for what is made when HAProxy starts.
const (
	dateDigits = "1700000000000"
	pidDigits  = "4194304"
)

// longest works a value out, as far as constants and map files allow.
func (c *Configuration) longest(samples []sample) longest {
	if len(samples) == 0 {
		return longest{}
	}
	value := c.fetched(samples[0])
	for _, s := range samples[1:] {
		value = c.converted(value, s)
	}
	return value
}

func (c *Configuration) fetched(s sample) longest {
	switch s.name {
	case "str":
		return longest{s.arg(0), true, 1}
	case "date":
		return longest{dateDigits, true, 1}
	case "pid":
		return longest{pidDigits, true, 1}
	case "hostname":
		return longest{c.env.Hostname, c.env.Hostname != "", 1}
	case "var":
		return c.longestVariable(s.arg(0))
	}
	return longest{}
}

// longestVariable works a variable out once. One that is made of itself is not known.
func (c *Configuration) longestVariable(name string) longest {
	if value, known := c.values[name]; known {
		return value
	}
	c.values[name] = longest{}
	total := longest{all: len(c.variables[name]) > 0}
	for _, d := range c.variables[name] {
		one := longest{}
		if d.literal == "" {
			one = c.longest(d.samples[0])
		}
		total.all = total.all && one.all
		total.n += one.n
		if len(one.text) > len(total.text) {
			total.text = one.text
		}
	}
	c.values[name] = total
	return total
}

func (c *Configuration) converted(value longest, s sample) longest {
	switch {
	case s.name == "lower" || s.name == "upper" || s.name == "ltrim" || s.name == "rtrim":
		return value
	case s.name == "concat":
		variable := longest{"", true, 1}
		if s.arg(1) != "" {
			variable = c.longestVariable(s.arg(1))
		}
		return longest{value.text + s.arg(0) + variable.text + s.arg(2), value.all && variable.all, value.n}
	case s.name == "map" || strings.HasPrefix(s.name, "map_"):
		return c.mapped(s)
	}
	return longest{}
}

// mapped is the longest value of a map file, or its default.
func (c *Configuration) mapped(s sample) longest {
	values, readable := c.mapValues(s.arg(0))
	if len(s.args) > 1 {
		values = append(values[:len(values):len(values)], s.arg(1))
	}
	total := longest{all: readable}
	different := map[string]bool{}
	for _, v := range values {
		different[v] = true
		if len(v) > len(total.text) {
			total.text = v
		}
	}
	total.n = len(different)
	return total
}

// mapValues reads the second column of a map file; readable is false if it is
// not there for us.
func (c *Configuration) mapValues(path string) (values []string, readable bool) {
	if values, readable = c.maps[path]; readable {
		return values, values != nil
	}
	c.maps[path] = nil
	where := path
	if !filepath.IsAbs(where) {
		where = filepath.Join(c.directory, where)
	}
	text, err := readFile(where, MaxBytes)
	if err != nil {
		return nil, false // HAProxy itself says so
	}
	values = []string{}
	for row := range bytes.Lines(text) {
		text := strings.TrimSpace(string(row))
		if end := strings.IndexAny(text, " \t"); end > 0 && text[0] != '#' {
			values = append(values, strings.TrimSpace(text[end:]))
		}
	}
	c.maps[path] = values
	return values, true
}
