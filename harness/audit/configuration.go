package audit

import (
	"fmt"
	"slices"
)

// Configuration is what was read: sections, and what they mean together.
type Configuration struct {
	Files []string // in the order in which they were read

	env       Environment
	directory string // of relative file names; empty for that of this process
	sections  []*section
	peers     []*peers
	tables    []*table
	named     map[string]*table
	proxies   []*proxy
	fronts    []*proxy // those that take requests
	variables map[string][]definition
	counts    []count // what increases counters
	billed    []*table
	countsOf  map[*table][]count // with the tracks to this table only
	found     []Finding
	keys      map[string]*key
	values    map[string]longest  // of variables
	maps      map[string][]string // values of map files that were read
}

// section is one section with the lines in it.
type section struct {
	line
	kind, name string
	lines      []line
}

// Read reads the files and directories in paths, in this order, as haproxy -f
// takes them. What is wrong inside is a finding; an error means that they could
// not be read.
func Read(paths []string, env Environment) (*Configuration, error) {
	all, err := sources(paths)
	if err != nil {
		return nil, err
	}
	c := parse(all, env)
	if err := c.bounded(); err != nil {
		return nil, err
	}
	return c, c.understand()
}

// These limits keep a hostile file from taking minutes. 10,000 customers with a
// backend each are well within.
const (
	maxSections = 25_000
	maxRules    = 1_000_000 // with those that proxies inherit
	maxPairs    = 200_000   // of a rule that counts and one that tracks before it
)

// bounded says whether the sections are few enough to be understood.
func (c *Configuration) bounded() error {
	if len(c.sections) > maxSections {
		return fmt.Errorf("more than %d sections", maxSections)
	}
	own, inherited, proxies := 0, 0, 0
	for _, s := range c.sections {
		switch s.kind {
		case "defaults":
			inherited = max(inherited, len(s.lines))
		case "frontend", "backend", "listen":
			proxies++
			own += len(s.lines)
		}
	}
	if own+inherited*proxies > maxRules {
		return fmt.Errorf("more than %d lines in proxies, with those that they inherit", maxRules)
	}
	return nil
}

// parse cuts sources into sections.
func parse(all []source, env Environment) *Configuration {
	c := &Configuration{env: env, named: map[string]*table{}, variables: map[string][]definition{}, maps: map[string][]string{}, keys: map[string]*key{}, values: map[string]longest{}}
	r := &reader{env: env, variables: env.begin(), said: map[string]bool{}, config: c}
	for _, s := range all {
		c.Files = append(c.Files, s.path)
		r.read(s)
	}
	return c
}

// understand finds out what the sections mean. The order matters: rules speak
// of tables and variables, counts of both.
func (c *Configuration) understand() error {
	var defaults *section
	for _, s := range c.sections {
		switch s.kind {
		case "defaults":
			defaults = s
		case "peers":
			c.addPeers(s)
		case "frontend", "backend", "listen":
			c.addProxy(s, c.defaultsOf(s, defaults))
		}
	}
	c.collectVariables()
	return c.findCounts()
}

// defaultsOf returns the section whose settings a proxy inherits.
func (c *Configuration) defaultsOf(s, last *section) *section {
	name, named := s.after("from")
	if !named {
		return last
	}
	i := slices.IndexFunc(c.sections, func(d *section) bool { return d.kind == "defaults" && d.name == name })
	if i < 0 {
		return nil
	}
	return c.sections[i]
}

// global returns the last line of a global keyword.
func (c *Configuration) global(keyword string) (line, bool) {
	var last line
	found := false
	for _, l := range c.globals(keyword) {
		last, found = l, true
	}
	return last, found
}

// globals returns all lines of a global keyword.
func (c *Configuration) globals(keyword string) []line {
	var all []line
	for _, s := range c.sections {
		if s.kind != "global" {
			continue
		}
		for _, l := range s.lines {
			if l.words[0] == keyword {
				all = append(all, l)
			}
		}
	}
	return all
}

// localPeer is the name that HAProxy gives itself, and who says so; no name if
// it is not known.
func (c *Configuration) localPeer() (name, origin string) {
	if c.env.LocalPeer != "" {
		return c.env.LocalPeer, "-L"
	}
	if l, set := c.global("localpeer"); set {
		return l.word(1), "localpeer"
	}
	return c.env.Hostname, "the name of this machine"
}
