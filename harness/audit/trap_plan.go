package audit

import (
	"fmt"
	"slices"
	"strings"
)

func init() {
	register(trap{
		id: "plan-written", severity: Warning,
		what: "A rule sets a tag in the table of denials.",
		why:  "The tracker teaches this table: what a rule writes there is overwritten, or overwrites a denial.",
		mend: "Let the tracker alone write to the table; keep marks of your own in a table of their own.",
		look: eachPlanTrack(func(writes bool) string {
			if !writes {
				return ""
			}
			return "a rule sets the tag that the tracker teaches"
		}),
	})
	register(trap{
		id: "plan-tracked", severity: Warning,
		what: "The table of denials is tracked.",
		why:  "Tracking refreshes an entry: a denial then never expires while its customer keeps asking, even when the tracker is gone.",
		mend: "Look up instead of tracking: `http-request deny deny_status 429 if { var(txn.customer),table_gpt0(PEERS/TABLE) gt 0 }`.",
		look: eachPlanTrack(func(writes bool) string {
			if writes {
				return ""
			}
			return "the table of denials is tracked"
		}),
	})
	register(trap{
		id: "plan-forever", severity: Warning,
		what: "The table of denials has no expire.",
		why:  "Without `expire` a denial stays until HAProxy is restarted when the tracker is gone.",
		mend: "Give the table an `expire` of a few times the tracker's `refresh`, for example 60s.",
		look: func(c *Configuration, find finder) {
			for _, t := range c.plans() {
				if t.expire == 0 && len(t.unset) == 0 {
					find(t.line, fmt.Sprintf("table %s, by which requests are denied, has no expire", t.name))
				}
			}
		},
	})
}

// plans are the tables that a tracker teaches: in the peers section of a table
// that is billed from, and looked up for a tag.
func (c *Configuration) plans() []*table {
	var all []*table
	for _, t := range c.tables {
		for _, b := range c.billed {
			if t != b && t.peers != "" && t.peers == b.peers && c.lookedUp(t) {
				all = append(all, t)
				break
			}
		}
	}
	return all
}

// lookedUp says whether a rule denies by a tag in a table, tracked or not.
func (c *Configuration) lookedUp(t *table) bool {
	for _, p := range c.proxies {
		for _, r := range p.rules {
			if r.action != "deny" && r.action != "reject" && r.action != "tarpit" && r.action != "return" && r.action != "silent-drop" {
				continue
			}
			for _, word := range r.condition {
				for _, s := range c.denying(p, word) {
					if strings.HasPrefix(s.name, "table_gpt") && s.table() == t.name {
						return true
					}
					if strings.HasPrefix(s.name, "sc") && strings.Contains(s.name, "_get_gpt") && c.tracksTable(p, t) {
						return true
					}
				}
			}
		}
	}
	return false
}

// denying returns what a word of a condition asks for, through an ACL.
func (c *Configuration) denying(p *proxy, word string) []sample {
	all := expression(word)
	for _, test := range p.acls[strings.TrimPrefix(word, "!")] {
		all = append(all, expression(test[0])...)
	}
	return all
}

func (c *Configuration) tracksTable(p *proxy, t *table) bool {
	return slices.ContainsFunc(c.tracksOf(p), func(tr track) bool { return tr.table == t.name })
}

// eachPlanTrack looks at rules that track a plan table, and those that set tags there.
func eachPlanTrack(judge func(writes bool) string) func(*Configuration, finder) {
	return func(c *Configuration, find finder) {
		plans := c.plans()
		if len(plans) == 0 {
			return
		}
		isPlan := func(tr track) bool { return slices.Contains(plans, c.named[tr.table]) }
		for _, p := range c.proxies {
			for _, tr := range p.tracks {
				if what := judge(false); what != "" && isPlan(tr) {
					find(tr.rule.line, fmt.Sprintf("%s (table %s)", what, tr.table))
				}
			}
			for _, r := range p.rules {
				if r.action != "sc-set-gpt" {
					continue
				}
				_, slot := r.moved()
				what := judge(true)
				if what != "" && slices.ContainsFunc(c.tracksOf(p), func(tr track) bool { return tr.slot == slot && isPlan(tr) }) {
					find(r.line, what)
				}
			}
		}
	}
}
