package audit

import (
	"fmt"
	"slices"
)

func init() {
	register(trap{
		id: "slot-busy", severity: Error,
		what: "The slot of the billed key tracks something else before.",
		why:  "A slot that tracks something already is not changed, and the increment goes to that other entry.",
		mend: "Give the quota a slot of its own, for example sc2; `tune.stick-counters` makes more of them since 2.8.",
		look: lookForBusySlots,
	})
	register(trap{
		id: "slot-beyond", severity: Error,
		what: "A slot is used that HAProxy has not.",
		why:  "HAProxy has only as many slots as tune.stick-counters says, 3 without it, and refuses others.",
		mend: "Use a smaller slot, or raise `tune.stick-counters` in global (2.8 and newer).",
		look: lookForSlotsBeyond,
	})
	register(trap{
		id: "slot-untracked", severity: Error,
		what: "A slot is increased that nothing tracks.",
		why:  "An increment of a slot that tracks nothing does nothing.",
		mend: "Track the customer in this slot before it: `http-response track-sc2 … table …`, with the same condition.",
		look: func(c *Configuration, find finder) {
			for _, n := range c.counts {
				if len(n.tracks) == 0 {
					find(n.rule.line, fmt.Sprintf("slot %d is increased here and tracked nowhere before", n.slot))
				}
			}
		},
	})
}

// lookForBusySlots compares each track of a billed table with those played before it.
func lookForBusySlots(c *Configuration, find finder) {
	for _, n := range c.counts {
		if !n.billing {
			continue
		}
		for i, tr := range n.tracks {
			if !c.isBilled(c.named[tr.table]) {
				continue
			}
			earlier := slices.IndexFunc(n.tracks[:i], func(o track) bool { return differs(o, tr) })
			if earlier >= 0 {
				o := n.tracks[earlier]
				find(tr.rule.line, fmt.Sprintf("slot %d tracks something in %s already, since %s:%d", tr.slot, o.table, o.rule.file, o.rule.line.number))
			}
		}
	}
}

// differs says whether the earlier track chooses another entry. Two in one
// proxy and table may have conditions that exclude each other.
func differs(o, tr track) bool {
	if o.table != tr.table {
		return true
	}
	sameKey := o.rule.word(0) == tr.rule.word(0)
	return !sameKey && (o.proxy != tr.proxy || len(o.rule.condition) == 0)
}

func lookForSlotsBeyond(c *Configuration, find finder) {
	slots := 3
	if l, set := c.global("tune.stick-counters"); set {
		slots = int(entries(l.word(1)))
	}
	for _, p := range c.proxies {
		for _, r := range p.rules {
			slot, _, tracks := r.tracked()
			if !tracks && r.increases() {
				_, slot = r.moved()
				tracks = true
			}
			if tracks && slot >= slots {
				find(r.line, fmt.Sprintf("slot %d is used, and there are slots 0 to %d", slot, slots-1))
			}
		}
	}
}
