package audit

import (
	"fmt"
	"strings"
)

// truth is the value of a condition after .if.
type truth int

const (
	no truth = iota
	yes
	unknown // it asks for what only HAProxy itself knows
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// condition evaluates what stands after .if (src/cfgcond.c).
type condition struct {
	rest      string
	depth     int
	env       Environment
	variables map[string]string
}

func (c *condition) evaluate() (truth, error) {
	value, err := c.either()
	if err == nil && c.rest != "" {
		err = fmt.Errorf("unexpected %q in a condition", c.rest)
	}
	return value, err
}

func (c *condition) either() (truth, error) {
	value, err := c.both()
	for err == nil && c.take("||") {
		var other truth
		if other, err = c.both(); value != yes && (other == yes || value == no) {
			value = other
		}
	}
	return value, err
}

func (c *condition) both() (truth, error) {
	value, err := c.term()
	for err == nil && c.take("&&") {
		var other truth
		if other, err = c.term(); value != no && (other == no || value == yes) {
			value = other
		}
	}
	return value, err
}

func (c *condition) term() (truth, error) {
	if c.depth++; c.depth > 1000 {
		return no, fmt.Errorf("a condition is nested too deeply")
	}
	defer func() { c.depth-- }()
	if c.take("!") {
		value, err := c.term()
		return [...]truth{yes, no, unknown}[value], err
	}
	if c.take("(") {
		value, err := c.either()
		if err == nil && !c.take(")") {
			err = fmt.Errorf("a parenthesis is not closed in a condition")
		}
		return value, err
	}
	return c.predicate()
}

func (c *condition) take(what string) bool {
	rest, found := strings.CutPrefix(strings.TrimLeft(c.rest, " \t"), what)
	if found {
		c.rest = strings.TrimLeft(rest, " \t")
	}
	return found
}

func (c *condition) predicate() (truth, error) {
	length := strings.IndexAny(c.rest, "()!&| \t")
	if length < 0 {
		length = len(c.rest)
	}
	name := c.rest[:length]
	c.rest = strings.TrimLeft(c.rest[length:], " \t")
	if !strings.HasPrefix(c.rest, "(") {
		return literal(name)
	}
	args, rest, closed := arguments(c.rest)
	if !closed {
		return no, fmt.Errorf("%s( is not closed in a condition", name)
	}
	c.rest = strings.TrimLeft(rest, " \t")
	return c.ask(name, args)
}

// literal is a number or nothing: HAProxy takes 0 and nothing as false.
func literal(text string) (truth, error) {
	if strings.Trim(text, "0123456789") != "" {
		return no, fmt.Errorf("%q is no condition", text)
	}
	return truthOf(strings.Trim(text, "0") != ""), nil
}

func (c *condition) ask(name string, args []string) (truth, error) {
	arg := func(i int) string {
		if i < len(args) {
			return args[i]
		}
		return ""
	}
	switch name {
	case "defined":
		_, set := c.variables[arg(0)]
		return truthOf(set), nil
	case "streq":
		return truthOf(arg(0) == arg(1)), nil
	case "strneq":
		return truthOf(arg(0) != arg(1)), nil
	case "strstr":
		return truthOf(strings.Contains(arg(0), arg(1))), nil
	case "feature":
		if c.env.Features == nil {
			return unknown, nil
		}
		return truthOf(c.env.Features[arg(0)]), nil
	case "version_atleast", "version_before":
		asked, err := ParseVersion(arg(0))
		if err != nil || c.env.Version == (Version{}) {
			return unknown, err
		}
		return truthOf((c.env.Version.Compare(asked) >= 0) == (name == "version_atleast")), nil
	}
	return unknown, nil
}
