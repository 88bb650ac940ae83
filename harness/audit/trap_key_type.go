package audit

import "fmt"

func init() {
	register(trap{
		id: "key-type", severity: Error,
		what: "The table has keys of another type than string.",
		why:  "Anything but a string cannot be `customer|generation`: HAProxy turns the key into a number or an address, and customers get lost or fall together.",
		mend: "Declare the table with `type string len 96`.",
		look: func(c *Configuration, find finder) {
			for _, t := range c.billed {
				if t.keyType == "string" || t.keyType == "binary" {
					continue
				}
				for _, tr := range c.tracksTo(t) {
					if !tr.key.plain() {
						find(t.line, fmt.Sprintf("table %s has keys of type %s, but %s:%d makes `customer|generation`", t.name, t.keyType, tr.rule.file, tr.rule.line.number))
						break
					}
				}
			}
		},
	})
}
