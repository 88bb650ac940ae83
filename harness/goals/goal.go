package goals

import "fmt"

// Goal is what a result must reach. The zero value is none.
type Goal struct {
	Set   bool    `json:"set"`
	Least bool    `json:"least"` // the limit is the least, not the most, that is wanted
	Limit float64 `json:"limit"`
}

// AtMost wants a result not to exceed the limit.
func AtMost(limit float64) Goal { return Goal{Set: true, Limit: limit} }

// AtLeast wants a result to reach the limit.
func AtLeast(limit float64) Goal { return Goal{Set: true, Least: true, Limit: limit} }

// holds says whether v meets the goal.
func (g Goal) holds(v float64) bool {
	if g.Least {
		return v >= g.Limit
	}
	return v <= g.Limit
}

// missedBy says by how much v misses the goal.
func (g Goal) missedBy(v, limit float64) string {
	by := v - limit
	if g.Least {
		by = -by
	}
	if limit == 0 {
		return "missed by " + Number(by)
	}
	return fmt.Sprintf("missed by %s (%.1f %%)", Number(by), by/limit*100)
}

func (g Goal) String() string {
	switch {
	case !g.Set:
		return ""
	case g.Least:
		return "≥ " + Number(g.Limit)
	default:
		return "≤ " + Number(g.Limit)
	}
}
