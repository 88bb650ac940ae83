package audit

import "fmt"

func init() {
	register(trap{
		id: "counted-at-request", severity: Warning,
		what: "A billed counter is increased before there is an answer.",
		why:  "What is counted before there is an answer is charged even if nobody ever answers it.",
		mend: "Count in `http-response`, with a condition that is true for what the application has answered.",
		look: func(c *Configuration, find finder) {
			for _, n := range c.counts {
				if n.billing && n.rule.early() {
					find(n.rule.line, fmt.Sprintf("%s is increased in %s", n.counter(), n.rule.line.words[0]))
				}
			}
		},
	})
	register(trap{
		id: "retry-uncounted", severity: Warning,
		what: "Requests are sent again after they may have been answered, and counted at the request.",
		why:  "A request that HAProxy sends again reaches the application twice, but the rules for requests are played once.",
		mend: "Count in `http-response`, or retry only what was never sent: `retry-on conn-failure`.",
		look: lookForRetries,
	})
}

// resends are the causes of retry-on with which a request may have been sent already.
var resends = map[string]bool{
	"all-retryable-errors": true, "response-timeout": true, "empty-response": true, "junk-response": true, "0rtt-rejected": true,
	"500": true, "501": true, "502": true, "503": true, "504": true, "408": true, "425": true, "429": true,
}

func lookForRetries(c *Configuration, find finder) {
	for _, p := range c.proxies {
		if !p.back() || !c.countsEarly(p) {
			continue
		}
		for _, l := range p.settings("retry-on") {
			for _, cause := range l.words[1:] {
				if resends[cause] {
					find(l, fmt.Sprintf("%s sends requests again on %s, and they are counted at the request", p.name, cause))
					break
				}
			}
		}
	}
}

// countsEarly says whether requests to p are billed before there is an answer.
func (c *Configuration) countsEarly(p *proxy) bool {
	for _, n := range c.counts {
		if n.billing && n.rule.early() && n.proxy.reaches(p) {
			return true
		}
	}
	return false
}
