package audit

import "fmt"

func init() {
	register(trap{
		id: "local-clear", severity: Error,
		what: "The bind of a peers section speaks TLS, the line of the local server does not.",
		why:  "The old process calls the new one at a reload by the local server line; in clear it is turned away, and everything that was learned is lost.",
		mend: "Write `default-server ssl crt … ca-file … verify required` above the server lines: it covers the local one too.",
		look: lookForClearLocal,
	})
	register(trap{
		id: "peers-clear", severity: Warning,
		what: "Peers speak without TLS over a network.",
		why:  "The protocol knows names only: whoever reaches the port can read and change counters, and older HAProxies can be crashed by what it sends.",
		mend: "Speak TLS on the bind and on the server lines, both with `verify required`; see docs/TRACKER.md, Certificates.",
		look: lookForClearPeers,
	})
	register(trap{
		id: "verify-none", severity: Error,
		what: "A line of peers with TLS does not verify certificates.",
		why:  "TLS without a look at the certificate of the other side keeps nobody out.",
		mend: "Write `ca-file CA verify required` on the line.",
		look: lookForNoVerify,
	})
	register(trap{
		id: "verifyhost-missing", severity: Warning,
		what: "A server line of peers with TLS has no verifyhost.",
		why:  "Without it any certificate of the authority may answer, for example that of another HAProxy.",
		mend: "Add `verifyhost NAME` with the name in the tracker's certificate.",
		look: func(c *Configuration, find finder) {
			name, _ := c.localPeer()
			for _, p := range c.billedPeers() {
				for _, e := range p.remotes(name) {
					_, host := e.options["verifyhost"]
					_, sni := e.options["sni"]
					if e.tls() && e.options["verify"] != "none" && !host && !sni {
						find(e.line, fmt.Sprintf("server %s has TLS and no verifyhost", e.name))
					}
				}
			}
		},
	})
}

func lookForClearLocal(c *Configuration, find finder) {
	name, _ := c.localPeer()
	for _, p := range c.billedPeers() {
		local, known := p.local(name)
		encrypted := false
		for _, b := range p.binds {
			encrypted = encrypted || b.tls()
		}
		if known && encrypted && !local.tls() {
			find(local.line, fmt.Sprintf("the bind of peers %s speaks TLS, the local server %s does not", p.name, local.name))
		}
	}
}

func lookForClearPeers(c *Configuration, find finder) {
	name, _ := c.localPeer()
	for _, p := range c.billedPeers() {
		for _, b := range p.binds {
			if !b.tls() && len(b.unset) == 0 && !onThisMachine(b.address) {
				find(b.line, fmt.Sprintf("peers %s listens on %s without TLS", p.name, b.address))
			}
		}
		for _, e := range p.remotes(name) {
			if !e.tls() && len(e.unset) == 0 && !onThisMachine(e.address) {
				find(e.line, fmt.Sprintf("peer %s at %s is called without TLS", e.name, e.address))
			}
		}
	}
}

func lookForNoVerify(c *Configuration, find finder) {
	name, _ := c.localPeer()
	byDefault := "required"
	if l, set := c.global("ssl-server-verify"); set {
		byDefault = l.word(1)
	}
	for _, p := range c.billedPeers() {
		for _, b := range p.binds {
			if b.tls() && b.options["verify"] != "required" {
				find(b.line, fmt.Sprintf("the bind of peers %s asks for no certificate", p.name))
			}
		}
		for _, e := range p.remotes(name) {
			verify, given := e.options["verify"]
			if !given {
				verify = byDefault
			}
			if e.tls() && verify == "none" {
				find(e.line, fmt.Sprintf("server %s is not verified", e.name))
			}
		}
	}
}
