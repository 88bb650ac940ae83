package audit

import "fmt"

// defect is something wrong with some versions of HAProxy. The sources are its
// changelog and the issues of github.com/haproxy/haproxy.
type defect struct {
	id        string
	severity  Severity
	from      Version // the first that has it
	mended    Version // the first that has not
	title     string
	what      string
	why, mend string
	applies   func(c *Configuration, p *peers) bool // nil for always
}

var defects = []defect{
	{
		id: "version-arrays", severity: Error, from: Version{2, 5, 0, 0}, mended: Version{2, 5, 1, 0}, // #1497
		title: "HAProxy 2.5.0.",
		what:  "reads what peers teach at a reload wrongly",
		why:   "Counters explode at a reload (haproxy issue 1497).",
		mend:  "Update HAProxy to 2.5.1 or newer.",
	}, {
		id: "version-reload-spin", severity: Warning, from: Version{2, 0, 0, 0}, mended: Version{2, 6, 3, 0}, // #1799
		title:   "HAProxy 2.0 to 2.6.2 with TLS between peers.",
		what:    "keeps old processes calling their own peers section",
		why:     "After a reload old processes spin and do not end when the local peer cannot be reached (haproxy issue 1799).",
		mend:    "Update HAProxy to 2.6.3 or newer, and keep TLS on the local server line.",
		applies: encrypted,
	}, {
		id: "version-pushes-3.0", severity: Warning, from: Version{3, 0, 0, 0}, mended: Version{3, 0, 5, 0}, // 1e0920f85
		title: "HAProxy 3.0.0 to 3.0.4.",
		what:  "does not tell what it counts on entries that it learned at a reload",
		why:   "After a reload a tracker hears nothing of these customers until it asks for everything again.",
		mend:  "Update HAProxy to 3.0.5 or newer; until then keep the tracker's `resync` short.",
	}, {
		id: "version-pushes-3.2", severity: Warning, from: Version{3, 2, 0, 0}, mended: Version{3, 2, 9, 0}, // c26bcfc1e, #3161
		title: "HAProxy 3.2.0 to 3.2.8.",
		what:  "does not tell what it counts on entries that it learned at a reload",
		why:   "After a reload a tracker hears nothing of these customers until it asks for everything again (haproxy issue 3161).",
		mend:  "Update HAProxy to 3.2.9 or newer; until then keep the tracker's `resync` short.",
	}, {
		id: "version-twins", severity: Error, from: Version{2, 7, 0, 0}, mended: Version{3, 2, 8, 0}, // 1824079fc, #3161
		title:   "HAProxy 2.7 to 3.2.7 with several threads, unless a later release of its branch has mended it.",
		what:    "may make two entries of one new key when several threads count at once",
		why:     "Both tell their counts under one key; a tracker takes the change between them for a new beginning, and charges too much.",
		mend:    "Update HAProxy to 3.2.8 or newer, or to a release of its branch from November 2025 on; `nbthread 1` avoids it too.",
		applies: threaded,
	}, {
		id: "version-frozen", severity: Warning, from: Version{3, 3, 0, 0}, mended: Version{3, 3, 2, 0}, // 0b29b76a5, #3234
		title: "HAProxy 3.3.0 and 3.3.1.",
		what:  "leaves sessions of peers hanging when a handshake times out",
		why:   "When enough of them hang, no peer can connect any more (haproxy issue 3234).",
		mend:  "Update HAProxy to 3.3.2 or newer.",
	}, {
		id: "version-threads", severity: Note, from: Version{1, 8, 0, 0}, mended: Version{3, 0, 0, 0},
		title:   "HAProxy before 3.0 with several threads.",
		what:    "may forget to tell an increment when several threads count at once",
		why:     "The value is right with the next answer to the same customer or when the tracker asks again, so it comes late and is not lost.",
		mend:    "Keep the tracker's `resync`, or update HAProxy to 3.0.5 or newer; `nbthread 1` avoids it too.",
		applies: threaded,
	},
}

func threaded(c *Configuration, _ *peers) bool {
	l, set := c.global("nbthread")
	return !set || l.word(1) != "1"
}

func encrypted(_ *Configuration, p *peers) bool {
	for _, e := range append(p.binds, p.servers...) {
		if e.tls() {
			return true
		}
	}
	return false
}

func init() {
	for _, d := range defects {
		register(trap{
			id: d.id, severity: d.severity, what: d.title, why: d.why, mend: d.mend,
			look: func(c *Configuration, find finder) {
				v := c.env.Version
				if v == (Version{}) || v.Compare(d.from) < 0 || v.Compare(d.mended) >= 0 {
					return
				}
				for _, p := range c.billedPeers() {
					if d.applies == nil || d.applies(c, p) {
						find(p.line, fmt.Sprintf("HAProxy %s %s", v, d.what))
						return
					}
				}
			},
		})
	}
}
