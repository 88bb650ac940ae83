package audit

import (
	"fmt"
	"time"
)

// Bounds of a table that is billed from.
const (
	outage           = time.Hour            // that a tracker should survive without loss
	longestExpire    = 1<<31 - 1            // ms, 24.8 days (PARSE_TIME_OVER in src/tools.c)
	generationsAlive = 4                    // of each customer, that a table should have room for
	generationAdvice = "4 generations each" // in words
)

func init() {
	register(trap{
		id: "table-nopurge", severity: Error,
		what: "A billed table has nopurge.",
		why:  "When a table with nopurge is full, new customers are not counted at all, and nothing says so.",
		mend: "Remove `nopurge` and make `size` a few times the number of customers.",
		look: eachTable(func(_ *Configuration, t *table) string {
			if !t.nopurge {
				return ""
			}
			return fmt.Sprintf("table %s has nopurge", t.name)
		}),
	})
	register(trap{
		id: "table-small", severity: Warning,
		what: "A billed table has less room than the customers need that the configuration itself names, with 4 generations each.",
		why:  "A full table forgets the entries that were used longest ago, even those that no tracker was told of.",
		mend: "Make `size` at least the number of customers times the generations that live at once; memory is about 200 bytes per entry.",
		look: eachTable(tooSmall),
	})
	register(trap{
		id: "expire-short", severity: Warning,
		what: "A billed table expires within less than an hour.",
		why:  "The table is the buffer while a tracker is away: what expires meanwhile is lost, and an hour should do no harm.",
		mend: "Leave `expire` out, or make it longer than the longest outage of a tracker, at least 1h.",
		look: eachTable(func(_ *Configuration, t *table) string {
			if t.expire == 0 || t.expire >= outage.Milliseconds() {
				return ""
			}
			return fmt.Sprintf("entries of table %s expire after %v", t.name, time.Duration(t.expire)*time.Millisecond)
		}),
	})
	register(trap{
		id: "expire-long", severity: Error,
		what: "A table has an expire above 24.8 days.",
		why:  "HAProxy counts such times in 31 bits of milliseconds and refuses longer ones.",
		mend: "Leave `expire` out, or make it at most 24d.",
		look: func(c *Configuration, find finder) {
			for _, t := range c.tables {
				if t.expire > longestExpire {
					find(t.line, fmt.Sprintf("expire of table %s is longer than 24.8 days", t.name))
				}
			}
		},
	})
	register(trap{
		id: "table-write-to", severity: Warning,
		what: "A billed table has write-to.",
		why:  "HAProxy copies tags and servers by write-to, never counters: the other table stays at zero.",
		mend: "Remove `write-to`, and tell the tracker this table itself.",
		look: eachTable(func(_ *Configuration, t *table) string {
			if t.writeTo == "" {
				return ""
			}
			return fmt.Sprintf("table %s has write-to %s", t.name, t.writeTo)
		}),
	})
	register(trap{
		id: "table-untold", severity: Error,
		what: "The table that --table names is in no peers section.",
		why:  "Only tables of a peers section are told to a tracker.",
		mend: "Declare it in the peers section, `table NAME type string len 96 size 400k store gpc0`, and track PEERS/NAME.",
		look: eachTable(func(_ *Configuration, t *table) string {
			if t.peers != "" {
				return ""
			}
			return fmt.Sprintf("table %s is in no peers section", t.name)
		}),
	})
}

// eachTable looks at every table that is billed from.
func eachTable(judge func(c *Configuration, t *table) string) func(*Configuration, finder) {
	return func(c *Configuration, find finder) {
		for _, t := range c.billed {
			if what := judge(c, t); what != "" && len(t.unset) == 0 {
				find(t.line, what)
			}
		}
	}
}

// tooSmall counts the customers that the configuration itself names.
func tooSmall(c *Configuration, t *table) string {
	customers, generations, each := 0, 1, "1 entry each"
	counted := map[*key]bool{}
	for _, tr := range c.tracksTo(t) {
		if !counted[tr.key] {
			counted[tr.key] = true
			customers += tr.key.longest.n
		}
		if !tr.key.plain() {
			generations, each = generationsAlive, generationAdvice
		}
	}
	if t.size == 0 || t.size >= int64(customers*generations) {
		return ""
	}
	return fmt.Sprintf("table %s has room for %d entries, and %d customers are known here, with %s", t.name, t.size, customers, each)
}
