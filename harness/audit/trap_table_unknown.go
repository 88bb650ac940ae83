package audit

import (
	"fmt"
	"strings"
)

func init() {
	register(trap{
		id: "table-unknown", severity: Error,
		what: "A rule names a table that there is not.",
		why:  "HAProxy refuses to start, or an older one counts nothing there.",
		mend: "Write the table as PEERS/NAME if it is declared in a peers section, else as the name of its proxy.",
		look: lookForUnknownTables,
	})
}

// lookForUnknownTables follows rules that track, and converters such as table_gpt0.
func lookForUnknownTables(c *Configuration, find finder) {
	for _, p := range c.proxies {
		for _, r := range p.rules {
			if len(r.unset) > 0 {
				continue
			}
			for _, name := range tablesIn(r, p) {
				if c.named[name] == nil {
					find(r.line, fmt.Sprintf("there is no table %q", name))
				}
			}
		}
	}
}

func tablesIn(r rule, p *proxy) []string {
	var names []string
	if _, _, tracks := r.tracked(); tracks {
		names = append(names, r.tableOf(p))
	}
	for _, word := range r.line.words {
		for _, s := range expression(word) {
			if name := s.table(); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

// arrays are the converters whose first argument is an index, not a table.
var arrays = map[string]bool{"table_gpc": true, "table_gpt": true, "table_gpc_rate": true, "table_inc_gpc": true, "table_clr_gpc": true}

// table is the table that a sample such as table_gpt0(NAME) names; empty if none.
func (s sample) table() string {
	switch {
	case arrays[s.name]:
		return s.arg(1)
	case strings.HasPrefix(s.name, "table_"):
		return s.arg(0)
	}
	return ""
}
