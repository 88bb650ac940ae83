package audit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

func init() {
	register(trap{
		id: "localpeer-missing", severity: Error,
		what: "No server of the peers section has the name of this HAProxy.",
		why:  "HAProxy removes a peers section without its own name as incomplete, with no more than a warning: nobody is told anything.",
		mend: "Write `localpeer NAME` in global and `server NAME` in the section, with the same name; --localpeer NAME if HAProxy is started with -L.",
		look: eachPeers(func(c *Configuration, p *peers, local string) (line, string) {
			if local == "" || slices.ContainsFunc(p.servers, func(e endpoint) bool { return e.name == local || len(e.unset) > 0 }) {
				return line{}, ""
			}
			_, origin := c.localPeer()
			return p.line, fmt.Sprintf("peers %s has no server %s, which is what this HAProxy calls itself (%s)", p.name, local, origin)
		}),
	})
	register(trap{
		id: "tracker-absent", severity: Error,
		what: "The peers section of a billed table has no tracker, or is disabled.",
		why:  "Nobody is told what is counted.",
		mend: "Add `server tracker ADDRESS` to the section, and no `disabled`.",
		look: eachPeers(func(_ *Configuration, p *peers, local string) (line, string) {
			switch {
			case p.disabled:
				return p.line, fmt.Sprintf("peers %s is disabled", p.name)
			case len(p.remotes(local)) == 0:
				return p.line, fmt.Sprintf("peers %s has no tracker", p.name)
			case len(p.trackers(local)) == 0:
				return p.line, fmt.Sprintf("no server of peers %s looks like a tracker by its name", p.name)
			}
			return line{}, ""
		}),
	})
	register(trap{
		id: "peers-overwrite", severity: Error,
		what: "Several HAProxies share plain keys.",
		why:  "Peers exchange values and not differences: with the same key the count of one HAProxy overwrites that of another, and a tracker is told it by both.",
		mend: "Put a generation with the name of the HAProxy into the key, or give each HAProxy a peers section with itself and the tracker only.",
		look: eachPeers(func(c *Configuration, p *peers, local string) (line, string) {
			siblings := p.siblings(local)
			if len(siblings) == 0 || !c.plain(p) {
				return line{}, ""
			}
			return siblings[0].line, fmt.Sprintf("peers %s shares plain keys with %s", p.name, names(siblings))
		}),
	})
	register(trap{
		id: "shards-partial", severity: Error,
		what: "Every tracker has a shard, and together they have not all.",
		why:  "A peer with a shard is told only its part of the keys, also when it asks for everything.",
		mend: "Remove `shard` from the line of the tracker, so that it is told all keys.",
		look: eachPeers(shardsPartial),
	})
}

// eachPeers looks at the peers sections of the billed tables.
func eachPeers(judge func(c *Configuration, p *peers, local string) (line, string)) func(*Configuration, finder) {
	return func(c *Configuration, find finder) {
		local, _ := c.localPeer()
		for _, p := range c.billedPeers() {
			if l, what := judge(c, p, local); what != "" {
				find(l, what)
			}
		}
	}
}

func names(all []endpoint) string {
	var list []string
	for _, e := range all {
		list = append(list, e.name)
	}
	return strings.Join(list, ", ")
}

// plain says whether a table of the section is counted with plain keys.
func (c *Configuration) plain(p *peers) bool {
	for _, t := range c.billed {
		for _, tr := range c.tracksTo(t) {
			if t.peers == p.name && tr.key.plain() {
				return true
			}
		}
	}
	return false
}

// shardsPartial wants one tracker that is told everything, or one for each shard.
func shardsPartial(_ *Configuration, p *peers, local string) (line, string) {
	trackers := p.trackers(local)
	if p.shards == 0 || len(trackers) == 0 {
		return line{}, ""
	}
	covered := map[string]bool{}
	for _, e := range trackers {
		shard, given := e.options["shard"]
		if !given || shard == "0" {
			return line{}, ""
		}
		covered[shard] = true
	}
	for i := range p.shards {
		if shard := strconv.Itoa(i + 1); !covered[shard] {
			return trackers[0].line, fmt.Sprintf("no tracker is told the keys of shard %s of %d", shard, p.shards)
		}
	}
	return line{}, ""
}
