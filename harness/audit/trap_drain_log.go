package audit

import (
	"fmt"
	"slices"
	"strings"
)

func init() {
	register(trap{
		id: "drain-unlogged", severity: Error,
		what: "Answers of a stopping process are not counted, and no log has them.",
		why:  "Answers of a stopping process are then neither counted nor logged.",
		mend: "Log the variable in the frontend, as docs/tracker/haproxy-drain.cfg does: `log 127.0.0.1:5514 … notice` and `log-format-sd`.",
		look: eachDrain(func(_ *Configuration, variables []string, fronts []*proxy, asking rule) (line, string) {
			for _, p := range fronts {
				if p.logs(variables) {
					return line{}, ""
				}
			}
			return asking.line, "no log has " + strings.Join(variables, " or ") + " in it"
		}),
	})
	register(trap{
		id: "drain-log-unfit", severity: Warning,
		what: "Records of a stopping process go to a target that does not work to the end: TCP, a ring or a unix socket.",
		why:  "A stopping process closes its rings, and with them TCP, and a unix socket queues few lines: records are lost just when they are written.",
		mend: "Send them by UDP on the loopback: `log 127.0.0.1:5514 len 4096 format rfc5424 local0 notice`.",
		look: eachDrain(func(c *Configuration, variables []string, fronts []*proxy, _ rule) (line, string) {
			for _, p := range fronts {
				if l, unfit := c.unfitTarget(p); unfit && p.logs(variables) {
					return l, fmt.Sprintf("records of a stopping process go to %s only", l.word(1))
				}
			}
			return line{}, ""
		}),
	})
}

// eachDrain looks at every proxy that bills and sets a variable when the process is stopping.
func eachDrain(judge func(c *Configuration, variables []string, fronts []*proxy, asking rule) (line, string)) func(*Configuration, finder) {
	return func(c *Configuration, find finder) {
		for _, p := range c.proxies {
			asking := c.askingRules(p)
			if len(asking) == 0 || !p.bills {
				continue
			}
			fronts := slices.DeleteFunc(slices.Clone(c.fronts), func(f *proxy) bool { return !f.reaches(p) })
			if len(fronts) == 0 {
				continue // nobody comes here
			}
			if l, what := judge(c, p.drained(asking), fronts, asking[0]); what != "" {
				find(l, what)
			}
		}
	}
}

// drained returns the variables that are set for a stopping process, or because of one of them.
func (p *proxy) drained(asking []rule) []string {
	var variables []string
	because := map[string]bool{}
	for _, r := range asking {
		if variable, ok := r.sets(); ok {
			variables = append(variables, variable)
		}
	}
	for name, tests := range p.acls {
		for _, test := range tests {
			for _, variable := range variables {
				because[name] = because[name] || strings.Contains(test[0], variable)
			}
		}
	}
	for _, r := range p.rules {
		variable, ok := r.sets()
		if ok && !slices.Contains(variables, variable) && slices.ContainsFunc(r.condition, func(word string) bool { return because[word] }) {
			variables = append(variables, variable)
		}
	}
	if len(variables) == 0 {
		return []string{"a variable that tells of the stopping process"}
	}
	return variables
}

// logs says whether the log of a proxy has one of the variables in it.
func (p *proxy) logs(variables []string) bool {
	for _, keyword := range []string{"log-format", "log-format-sd", "log-profile"} {
		for _, l := range p.settings(keyword) {
			for _, variable := range variables {
				if strings.Contains(l.word(1), variable) {
					return true
				}
			}
		}
	}
	return false
}

// unfitTarget returns a log line of a proxy that a stopping process cannot
// write to, unless there is a fit one as well.
func (c *Configuration) unfitTarget(p *proxy) (line, bool) {
	var unfit line
	for _, l := range p.settings("log") {
		targets := []line{l}
		if l.word(1) == "global" {
			targets = c.globals("log")
		}
		for _, target := range targets {
			if fitTarget(target) {
				return line{}, false
			}
			unfit = target
		}
	}
	return unfit, unfit.file != ""
}

// fitTarget says whether a log target works to the end: UDP, and files.
func fitTarget(l line) bool {
	address := l.word(1)
	for _, prefix := range []string{"ring@", "tcp@", "tcp4@", "tcp6@", "unix@", "abns@", "uxdg@", "uxst@", "stream+", "/"} {
		if strings.HasPrefix(address, prefix) {
			return len(l.unset) > 0
		}
	}
	return true
}
