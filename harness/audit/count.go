package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// count is a rule that increases a counter.
type count struct {
	proxy   *proxy
	rule    rule // that increases
	index   int  // of the counter: gpc0 is 0
	slot    int
	tracks  []track // that may have chosen the entry; none if the slot is never tracked
	billing bool    // what it counts is billed
}

// track is a rule that chooses the entry of a table.
type track struct {
	proxy *proxy
	rule  rule
	slot  int
	text  string   // of the key
	steps []sample // of the key
	key   *key     // nil until it is understood
	table string
}

// tracksOf returns the tracks that may be played for what passes p, in the order
// of play.
func (c *Configuration) tracksOf(p *proxy) []track {
	all := slices.Clone(p.tracks)
	for _, front := range c.fronts {
		if front != p && front.reaches(p) {
			all = append(all, front.tracks...)
		}
	}
	slices.SortStableFunc(all, inPlay)
	return all
}

// inPlay orders tracks by stage; requests meet the frontend first, answers the backend.
func inPlay(a, b track) int {
	if a.rule.stage != b.rule.stage || a.proxy.kind == b.proxy.kind {
		return cmp.Compare(a.rule.stage, b.rule.stage)
	}
	if (a.proxy.kind == "backend") == a.rule.early() {
		return 1
	}
	return -1
}

// findCounts pairs what increases counters with what chooses their entries.
func (c *Configuration) findCounts() error {
	pairs := 0
	for _, p := range c.proxies {
		var tracks []track
		for _, r := range p.rules {
			for _, n := range p.increments(r) {
				if tracks == nil {
					tracks = c.tracksOf(p)
				}
				for _, t := range tracks {
					if t.slot == n.slot && t.rule.stage <= r.stage {
						n.tracks = append(n.tracks, t)
					}
				}
				c.counts = append(c.counts, n)
				if pairs += len(n.tracks); pairs > maxPairs {
					return fmt.Errorf("more than %d ways to count", maxPairs)
				}
			}
		}
	}
	return nil
}

// Bill chooses the tables that are billed from: the one that is named, or, if
// none is, those of peers sections in which a counter is increased. It says
// whether a named one exists.
func (c *Configuration) Bill(name string) bool {
	c.billed, c.countsOf = nil, map[*table][]count{}
	for _, n := range c.counts {
		for _, t := range n.tables(c) {
			one := n
			one.tracks = slices.DeleteFunc(slices.Clone(n.tracks), func(tr track) bool { return c.named[tr.table] != t })
			for i := range one.tracks {
				one.tracks[i].key = c.keyOf(one.tracks[i].text, one.tracks[i].steps)
			}
			c.countsOf[t] = append(c.countsOf[t], one)
		}
	}
	for _, t := range c.tables {
		if name == "" && t.peers != "" && len(c.countsOf[t]) > 0 || name != "" && (t.name == name || strings.HasSuffix(t.name, "/"+name)) {
			c.billed = append(c.billed, t)
		}
	}
	for i, n := range c.counts {
		c.counts[i].billing = slices.ContainsFunc(n.tables(c), c.isBilled)
		n.proxy.bills = n.proxy.bills || c.counts[i].billing
	}
	return name == "" || len(c.billed) > 0
}

// tables are those in which a count may be, each once.
func (n count) tables(c *Configuration) []*table {
	var all []*table
	for _, tr := range n.tracks {
		if t := c.named[tr.table]; t != nil && !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all
}

func (c *Configuration) isBilled(t *table) bool { return slices.Contains(c.billed, t) }

// Billed returns the names of the tables that are billed from.
func (c *Configuration) Billed() []string {
	names := []string{}
	for _, t := range c.billed {
		names = append(names, t.name)
	}
	return names
}

// tracksTo returns the tracks by which a table is counted, each once.
func (c *Configuration) tracksTo(t *table) []track {
	type place struct {
		proxy  *proxy
		file   string
		number int
	}
	seen := map[place]bool{}
	var all []track
	for _, n := range c.countsOf[t] {
		for _, tr := range n.tracks {
			at := place{tr.proxy, tr.rule.file, tr.rule.line.number}
			if !seen[at] {
				seen[at] = true
				all = append(all, tr)
			}
		}
	}
	return all
}

// billedPeers returns the peers sections of the billed tables.
func (c *Configuration) billedPeers() []*peers {
	return slices.DeleteFunc(slices.Clone(c.peers), func(p *peers) bool {
		return !slices.ContainsFunc(c.billed, func(t *table) bool { return t.peers == p.name })
	})
}

// counter names what a count increases, as store does.
func (n count) counter() string { return "gpc" + strconv.Itoa(n.index) }
