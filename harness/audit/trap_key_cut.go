package audit

import "fmt"

// roomForName is what a name of a customer that is not known may need, in bytes.
const roomForName = 32

func init() {
	register(trap{
		id: "key-cut", severity: Error,
		what: "Keys are, or are likely to be, longer than the table allows.",
		why:  "HAProxy cuts longer keys without a word, and customers with the same beginning share one counter: one pays for the other.",
		mend: "Give the table a `len` above the longest key, bar and generation included; 96 suits most names of hosts.",
		look: lookForCutKeys,
	})
}

func lookForCutKeys(c *Configuration, find finder) {
	for _, t := range c.billed {
		if t.keyType != "string" && t.keyType != "binary" {
			continue
		}
		for _, tr := range c.tracksTo(t) {
			if what := t.cuts(tr); what != "" {
				find(t.line, what)
				break
			}
		}
	}
}

// cuts says which key of a track is too long for its table; nothing if none is.
func (t *table) cuts(tr track) string {
	known := tr.key.longest
	if len(known.text) > t.length && !known.all {
		return fmt.Sprintf("the key of %s:%d has %d bytes and more, table %s keeps %d", tr.rule.file, tr.rule.line.number, len(known.text), t.name, t.length)
	}
	if len(known.text) > t.length {
		return fmt.Sprintf("the key %q of %s:%d has %d bytes, table %s keeps %d", known.text, tr.rule.file, tr.rule.line.number, len(known.text), t.name, t.length)
	}
	need := roomForName
	if !tr.key.plain() {
		need += len("|") + len(dateDigits)
	}
	if !known.all && t.length < need && len(tr.rule.unset) == 0 {
		return fmt.Sprintf("table %s keeps %d bytes of keys whose length nobody knows beforehand (%s:%d); names of hosts want at least %d", t.name, t.length, tr.rule.file, tr.rule.line.number, need)
	}
	return ""
}
