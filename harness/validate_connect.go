package harness

import "fmt"

// MaxConnections is how many may be asked for: a client has some 60000 ports per address.
const MaxConnections = 60_000

// mostOfConnection bounds the attempts that a connection is to carry.
const mostOfConnection = 1_000_000_000

// connectRules hold for how connections are made and used.
var connectRules = []rule{
	ofConnect("most", func(_ *Workload, c *Connect) string {
		if c.Most < 0 || c.Most > MaxConnections {
			return fmt.Sprintf("connect.most is %d, want 1 to %d, or 0 for no limit", c.Most, MaxConnections)
		}
		return ""
	}, "a client has some 60000 ports per address; take most out for no limit"),
	ofConnect("requests", func(_ *Workload, c *Connect) string {
		if c.Requests < 0 || c.Requests > mostOfConnection {
			return fmt.Sprintf("connect.requests is %d, want 1 to %d, or 0 for as many as the peer lets it", c.Requests, mostOfConnection)
		}
		return ""
	}, "requests: 1 opens a connection for each attempt"),
	ofConnect("reuse", func(_ *Workload, c *Connect) string {
		if c.Reuse == ReuseOldest && c.Requests == 1 {
			return "a connection that carries one attempt is never reused, so connect.reuse says nothing"
		}
		return ""
	}, "take reuse out, or set requests above 1"),
	ofConnect("resume", func(_ *Workload, c *Connect) string {
		if c.Resume != nil && (*c.Resume < 0 || *c.Resume > 1) {
			return fmt.Sprintf("connect.resume is %v, want a share from 0 to 1", *c.Resume)
		}
		return ""
	}, "resume: 0 makes every handshake a full one"),
	ofConnect("resume", func(w *Workload, c *Connect) string {
		if c.Resume != nil && w.OverTLS() == 0 {
			return "connect.resume is about TLS, which no attempt uses"
		}
		return ""
	}, "set tls: above 0, or take resume out"),
	ofConnect("tls", func(w *Workload, c *Connect) string {
		if c.TLS != "" && w.OverTLS() == 0 {
			return "connect.tls is about TLS, which no attempt uses"
		}
		return ""
	}, "set tls: above 0, or take connect.tls out"),
}

// ofConnect demands something of the connections, if the workload says anything
// about them.
func ofConnect(name string, wrong func(*Workload, *Connect) string, suggestion string) rule {
	paths := []string{"workload.connect." + name, "workload.connect", "workload.tls", "workload.routes"}
	return rule{paths, func(sc *Scenario) (string, string) {
		if sc.Workload.Connect == nil {
			return "", ""
		}
		if text := wrong(&sc.Workload, sc.Workload.Connect); text != "" {
			return text, suggestion
		}
		return "", ""
	}}
}
