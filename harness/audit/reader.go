package audit

import (
	"fmt"
	"path/filepath"
	"strings"
)

// reader turns sources into sections.
type reader struct {
	env       Environment
	variables map[string]string // as HAProxy would have them at this line
	said      map[string]bool   // variables of which it was said that they are not set
	config    *Configuration
	blocks    []block // .if that are open
	pending   []string
}

// block is one .if with what came of it.
type block struct {
	taken bool // a branch was taken
	drop  bool // the lines of this branch do not count
}

func (r *reader) read(s source) {
	r.blocks, r.pending = nil, nil
	rest := string(s.text)
	for number := 1; rest != ""; number++ {
		var text string
		text, rest, _ = strings.Cut(rest, "\n")
		r.line(s.path, number, strings.TrimRight(text, "\r"))
	}
	if len(r.blocks) > 0 {
		r.refused(line{file: s.path}, "an .if is not closed by .endif")
	}
}

// line reads one line.
func (r *reader) line(file string, number int, text string) {
	if strings.HasPrefix(strings.TrimLeft(text, " \t"), "[") {
		return // a scope, which HAProxy skips too
	}
	s := splitter{in: text, lookup: r.lookup}
	words, err := s.split()
	l := line{file: file, number: number, words: words, unset: s.unset}
	switch {
	case err != nil:
		if !r.dropping() {
			r.refused(l, err.Error())
		}
		return
	case len(words) == 0 || words[0] == "":
		r.pending = append(r.pending, accepted(s.comment)...)
		return
	}
	l.accepts = append(r.pending, accepted(s.comment)...)
	r.pending = nil
	for _, id := range l.accepts {
		if _, known := traps[id]; !known {
			r.config.find("accept-unknown", l, fmt.Sprintf("no trap is called %q", id))
		}
	}
	if r.macro(l) || r.dropping() {
		return
	}
	r.sayUnset(l)
	r.store(l)
}

func (r *reader) lookup(name string) (string, bool) {
	if name == ".FILE" || name == ".LINE" || name == ".SECTION" {
		return "", true // good for messages only
	}
	value, known := r.variables[name]
	return value, known
}

func (r *reader) dropping() bool {
	return len(r.blocks) > 0 && r.blocks[len(r.blocks)-1].drop
}

// macro obeys .if, .elif, .else and .endif, and skips the others.
func (r *reader) macro(l line) bool {
	if !strings.HasPrefix(l.words[0], ".") {
		return false
	}
	open := len(r.blocks)
	switch l.words[0] {
	case ".if":
		outer := r.dropping()
		take := !outer && r.holds(l)
		r.blocks = append(r.blocks, block{taken: take || outer, drop: !take})
	case ".elif", ".else", ".endif":
		if open == 0 {
			r.refused(l, l.words[0]+" without .if")
			return true
		}
		r.next(l)
	}
	return true
}

// next goes to the next branch of the innermost .if, or out of it.
func (r *reader) next(l line) {
	inner := len(r.blocks) - 1
	b := &r.blocks[inner]
	switch {
	case l.words[0] == ".endif":
		r.blocks = r.blocks[:inner]
	case b.taken:
		b.drop = true
	default:
		take := l.words[0] == ".else" || r.holds(l)
		b.taken, b.drop = take, !take
	}
}

// holds evaluates a condition. One that is not known here is taken to hold, and that is said.
func (r *reader) holds(l line) bool {
	c := condition{rest: strings.Join(l.words[1:], " "), env: r.env, variables: r.variables}
	value, err := c.evaluate()
	if err != nil {
		r.refused(l, err.Error())
		return false
	}
	if value == unknown {
		r.config.find("condition-unknown", l, fmt.Sprintf("whether %q holds is not known here; taken to hold", strings.Join(l.words[1:], " ")))
	}
	return value != no
}

func (r *reader) refused(l line, what string) { r.config.find("syntax", l, what) }

// sayUnset says once of each variable that it has no value here.
func (r *reader) sayUnset(l line) {
	for _, name := range l.unset {
		if !r.said[name] {
			r.said[name] = true
			r.config.find("variable-unset", l, "$"+name+" has no value here; what depends on it was not examined")
		}
	}
}

// sectionKinds are the words that begin a section.
var sectionKinds = map[string]bool{
	"global": true, "defaults": true, "frontend": true, "backend": true, "listen": true, "peers": true,
	"resolvers": true, "userlist": true, "mailers": true, "program": true, "http-errors": true, "ring": true,
	"log-forward": true, "log-profile": true, "cache": true, "fcgi-app": true, "traces": true, "crt-store": true,
	"acme": true, "healthcheck": true,
}

func (r *reader) store(l line) {
	c := r.config
	if sectionKinds[l.words[0]] {
		c.sections = append(c.sections, &section{line: l, kind: l.words[0], name: l.word(1)})
		return
	}
	if len(c.sections) == 0 {
		r.refused(l, fmt.Sprintf("%q stands before any section", l.words[0]))
		return
	}
	s := c.sections[len(c.sections)-1]
	s.lines = append(s.lines, l)
	if s.kind == "global" {
		r.obey(l)
	}
}

// obey does what a global keyword does to the lines after it.
func (r *reader) obey(l line) {
	switch l.words[0] {
	case "setenv":
		r.variables[l.word(1)] = strings.Join(l.words[min(2, len(l.words)):], " ")
	case "presetenv":
		if _, set := r.variables[l.word(1)]; !set {
			r.variables[l.word(1)] = strings.Join(l.words[min(2, len(l.words)):], " ")
		}
	case "unsetenv":
		for _, name := range l.words[1:] {
			delete(r.variables, name)
		}
	case "localpeer":
		if r.env.LocalPeer == "" {
			r.variables["HAPROXY_LOCALPEER"] = l.word(1)
		}
	case "default-path":
		r.config.directory = directory(l)
	}
}

// directory is where default-path makes HAProxy look for files.
func directory(l line) string {
	switch l.word(1) {
	case "config":
		return filepath.Dir(l.file)
	case "parent":
		return filepath.Join(filepath.Dir(l.file), "..")
	case "origin":
		return l.word(2)
	}
	return ""
}
