package audit

import (
	"fmt"
	"strings"
)

func init() {
	register(trap{
		id: "store-missing", severity: Error,
		what: "The table does not store the counter that is increased.",
		why:  "An increment of what the table does not store does nothing; a rate alone cannot be billed from.",
		mend: "Store what the rule increases: `store gpc0` for sc-inc-gpc0, `store gpc(N)` for sc-inc-gpc(0,…).",
		look: func(c *Configuration, find finder) {
			for _, t := range c.billed {
				for _, n := range c.countsOf[t] {
					if !t.stores("gpc", n.index) {
						find(n.rule.line, fmt.Sprintf("it increases %s, but table %s stores %s", n.counter(), t.name, strings.Join(append(t.stored, "nothing else"), ", ")))
					}
				}
			}
		},
	})
}
