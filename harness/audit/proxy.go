package audit

import (
	"slices"
	"strings"
)

// proxy is a frontend, a backend or both (listen).
type proxy struct {
	*section
	defaults *section // what it inherits; nil if nothing
	rules    []rule   // in the order in which they are written
	tracks   []track  // that its rules choose
	bills    bool     // something that is billed is counted here
	acls     map[string][][]string
	routes   map[string]bool // backends that a frontend names
	anywhere bool            // it chooses backends by what is only known later
}

func (c *Configuration) addProxy(s, defaults *section) {
	p := &proxy{section: s, defaults: defaults, acls: map[string][][]string{}}
	if defaults != nil {
		p.addRules(defaults.lines)
	}
	p.addRules(s.lines)
	p.addRoutes()
	for _, l := range s.lines {
		if l.words[0] == "stick-table" {
			c.addTable(l, s.name, "", 1)
		}
	}
	for _, r := range p.rules {
		if slot, key, ok := r.tracked(); ok {
			p.tracks = append(p.tracks, track{proxy: p, rule: r, slot: slot, text: key, steps: expression(key), table: r.tableOf(p)})
		}
	}
	c.proxies = append(c.proxies, p)
	if p.front() {
		c.fronts = append(c.fronts, p)
	}
}

func (p *proxy) addRules(lines []line) {
	for _, l := range lines {
		if l.words[0] == "acl" && len(l.words) > 2 {
			p.acls[l.words[1]] = append(p.acls[l.words[1]], l.words[2:])
		}
		if r, isRule := newRule(l); isRule {
			p.rules = append(p.rules, r)
		}
	}
}

// settings returns the lines of a keyword: its own, or else those it inherits.
func (p *proxy) settings(keyword string) []line {
	for _, s := range []*section{p.section, p.defaults} {
		if s == nil {
			continue
		}
		var own []line
		for _, l := range s.lines {
			if l.words[0] == keyword {
				own = append(own, l)
			}
		}
		if len(own) > 0 {
			return own
		}
	}
	return nil
}

func (p *proxy) front() bool { return p.kind != "backend" }
func (p *proxy) back() bool  { return p.kind != "frontend" }

// reaches says whether requests may go from a frontend to a backend.
func (p *proxy) reaches(backend *proxy) bool {
	if p == backend {
		return true
	}
	if !p.front() || !backend.back() {
		return false
	}
	return p.anywhere || p.routes[backend.name]
}

func (p *proxy) addRoutes() {
	p.routes = map[string]bool{}
	for _, keyword := range []string{"default_backend", "use_backend"} {
		for _, l := range p.settings(keyword) {
			p.routes[l.word(1)] = true
			p.anywhere = p.anywhere || strings.Contains(l.word(1), "%[") || len(l.unset) > 0
		}
	}
}

// asks says whether the condition of a rule asks for a fetch, by itself or in an ACL.
func (p *proxy) asks(r rule, fetch string) bool {
	if slices.ContainsFunc(r.condition, func(word string) bool { return uses(word, fetch) }) {
		return true
	}
	for _, word := range r.condition {
		for _, test := range p.acls[strings.TrimPrefix(word, "!")] {
			if uses(test[0], fetch) {
				return true
			}
		}
	}
	return false
}

func uses(word, fetch string) bool {
	word = strings.TrimPrefix(word, "!")
	return slices.ContainsFunc(expression(word), func(s sample) bool { return s.name == fetch })
}
