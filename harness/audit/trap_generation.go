package audit

import (
	"fmt"
	"strings"
)

func init() {
	register(trap{
		id: "generation-missing", severity: Warning,
		what: "The key is the customer alone.",
		why:  "At a reload two processes count under one key and one value overwrites the other, so answers are lost.",
		mend: "Add `set-var proc.start date(0,ms)` and `set-var proc.gen str(NAME-),concat(,proc.start)` to global, and `,concat(\"|\",proc.gen)` to the key.",
		look: eachTrack(func(c *Configuration, tr track, generation []sample) string {
			if len(generation) > 0 {
				return ""
			}
			return fmt.Sprintf("the key for %s is the customer alone: it does not say which process counted", tr.table)
		}),
	})
	register(trap{
		id: "generation-uuid", severity: Error,
		what: "The generation is made by uuid().",
		why:  "When HAProxy reads its configuration its random numbers are not seeded yet: the generation is 00000000-… in every process.",
		mend: "Make the generation of `date(0,ms)` and the name of the HAProxy.",
		look: eachTrack(func(c *Configuration, tr track, generation []sample) string {
			if !has(generation, "uuid") {
				return ""
			}
			return fmt.Sprintf("the generation in the key for %s is made by uuid()", tr.table)
		}),
	})
	register(trap{
		id: "generation-repeats", severity: Warning,
		what: "The generation has no time in it.",
		why:  "A generation that comes again continues old counters with smaller values: in containers process numbers repeat soon, constants at once.",
		mend: "Make the generation of `date(0,ms)` and the name of the HAProxy.",
		look: eachTrack(func(c *Configuration, tr track, generation []sample) string {
			if len(generation) == 0 || has(generation, "date") || has(generation, "uuid") {
				return ""
			}
			return fmt.Sprintf("the generation in the key for %s has no time in it", tr.table)
		}),
	})
	register(trap{
		id: "generation-nameless", severity: Warning,
		what: "The generation does not name its HAProxy, and there are several.",
		why:  "Two HAProxies that start in the same millisecond have the same generation, and what one of them counted is lost.",
		mend: "Put the name of the HAProxy into the generation: `set-var proc.gen str(NAME-),concat(,proc.start)`.",
		look: eachTrack(func(c *Configuration, tr track, generation []sample) string {
			if len(generation) == 0 || named(generation) || len(c.siblingsOf(tr.table)) == 0 {
				return ""
			}
			return fmt.Sprintf("the generation in the key for %s does not name its HAProxy, and there are several (%s)", tr.table, strings.Join(c.siblingsOf(tr.table), ", "))
		}),
	})
	register(trap{
		id: "generation-unseparated", severity: Error,
		what: "No bar stands between the customer and the generation.",
		why:  "A tracker takes what stands before the last bar for the customer, and refuses keys without one.",
		mend: "Write `concat(\"|\",proc.gen)` at the end of the key.",
		look: eachTrack(func(c *Configuration, tr track, generation []sample) string {
			if len(generation) == 0 || tr.key.separated {
				return ""
			}
			return fmt.Sprintf("no bar stands between customer and generation in the key for %s", tr.table)
		}),
	})
}

// eachTrack looks at every key of the billed tables. A key with a variable of
// the environment that is not set is not judged.
func eachTrack(judge func(c *Configuration, tr track, generation []sample) string) func(*Configuration, finder) {
	return func(c *Configuration, find finder) {
		for _, t := range c.billed {
			for _, tr := range c.tracksTo(t) {
				if len(tr.rule.unset) > 0 {
					continue
				}
				if what := judge(c, tr, tr.key.generation); what != "" {
					find(tr.rule.line, what)
				}
			}
		}
	}
}

// siblingsOf names the other HAProxies that a table is told to.
func (c *Configuration) siblingsOf(tableName string) []string {
	t := c.named[tableName]
	if t == nil {
		return nil
	}
	local, _ := c.localPeer()
	var names []string
	for _, p := range c.peers {
		if p.name != t.peers {
			continue
		}
		for _, e := range p.siblings(local) {
			names = append(names, e.name)
		}
	}
	return names
}
