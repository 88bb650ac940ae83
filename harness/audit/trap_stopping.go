package audit

import (
	"fmt"
)

func init() {
	register(trap{
		id: "drain-missing", severity: Warning,
		what: "Answers of a stopping process are counted in a table that nobody reads any longer.",
		why:  "A stopping process cuts its peers at once and goes on answering on old connections: nobody is told of these answers.",
		mend: "Log them instead of counting them, as docs/tracker/haproxy-drain.cfg does, or accept the loss by a comment `# haproof: accept drain-missing`.",
		look: lookForMissingDrain,
	})
	register(trap{
		id: "drain-asked-twice", severity: Warning,
		what: "Several rules ask whether the process is stopping.",
		why:  "The process may begin to stop between two rules: then the answer is both counted and logged, or neither.",
		mend: "Ask once, `http-response set-var(txn.drain) str(QT1) if … { stopping }`, and let all rules after it look at the variable.",
		look: lookForSecondAsking,
	})
	register(trap{
		id: "grace", severity: Warning,
		what: "There is a grace in global.",
		why:  "While a grace lasts the process counts, but no longer wakes its peers: what is counted then may never be told.",
		mend: "Remove `grace` from global.",
		look: func(c *Configuration, find finder) {
			if l, set := c.global("grace"); set && len(c.billed) > 0 && l.word(1) != "0" {
				find(l, "grace "+l.word(1))
			}
		},
	})
	register(trap{
		id: "hard-stop-missing", severity: Note,
		what: "There is no hard-stop-after, and stopping processes do not log.",
		why:  "Without it an old process may live for days on one connection, and what it answers is lost where stopping processes do not log.",
		mend: "Add `hard-stop-after 60s`, or as long as a download may take, to global.",
		look: func(c *Configuration, find finder) {
			if _, set := c.global("hard-stop-after"); set {
				return
			}
			if n, missing := c.drainMissing(); missing {
				find(n.rule.line, "an old process that counts nothing more may go on for ever: there is no hard-stop-after")
			}
		},
	})
}

// drainMissing returns the first billed count of answers in whose way nobody
// asks whether the process is stopping.
func (c *Configuration) drainMissing() (count, bool) {
	for _, n := range c.counts {
		if n.billing && !n.rule.early() && len(c.askingRules(n.proxy)) == 0 {
			return n, true
		}
	}
	return count{}, false
}

func lookForMissingDrain(c *Configuration, find finder) {
	n, missing := c.drainMissing()
	if !missing {
		return
	}
	for _, tr := range n.tracks {
		if c.keyOf(tr.text, tr.steps).plain() {
			return // plain keys lose more than that at a reload, see generation-missing
		}
	}
	find(n.rule.line, fmt.Sprintf("answers of a stopping process are counted in %s, which nobody reads any longer", n.tracks[0].table))
}

// askingRules returns the rules of a proxy that ask whether the process is stopping.
func (c *Configuration) askingRules(p *proxy) []rule {
	var asking []rule
	for _, r := range p.rules {
		if p.asks(r, "stopping") {
			asking = append(asking, r)
		}
	}
	return asking
}

func lookForSecondAsking(c *Configuration, find finder) {
	for _, p := range c.proxies {
		if !p.bills {
			continue
		}
		if asking := c.askingRules(p); len(asking) > 1 {
			find(asking[1].line, fmt.Sprintf("whether the process is stopping was asked at %s:%d already", asking[0].file, asking[0].line.number))
		}
	}
}
