package reports

import (
	"strings"

	"github.com/haproof/haproof/harness"
)

// clients says how clients behave: nothing of those that know nothing of each other.
func clients(w *harness.Workload) (parts []string) {
	if u := w.Users; u != nil {
		text := "users who arrive and ask " + plural(u.Requests, "time") + " each"
		if u.Count > 0 {
			text = "closed loop of " + plural(u.Count, "user")
			if u.Requests > 0 {
				text += " who ask " + plural(u.Requests, "time") + " each"
			}
		}
		if u.Think > 0 {
			text += ", thinking " + duration(u.Think)
		}
		if u.Cookies {
			text += ", with cookies"
		}
		parts = append(parts, text)
	}
	if c := w.Connect; c != nil {
		if text := connections(c); text != "" {
			parts = append(parts, text)
		}
	}
	if s := w.Shape; s != nil {
		parts = append(parts, shapeText(s.Kind))
	}
	if w.SoftStart > 0 {
		parts = append(parts, "soft start of "+duration(w.SoftStart))
	}
	return parts
}

// shapeText says how the rate goes on.
func shapeText(kind string) string {
	if kind == harness.ShapeSteps {
		return "in steps"
	}
	return "as a " + word(kind)
}

// connections says how connections are used, where the workload does.
func connections(c *harness.Connect) string {
	var parts []string
	if c.Most > 0 {
		parts = append(parts, "at most "+plural(c.Most, "connection"))
	}
	if c.Requests > 0 {
		parts = append(parts, plural(c.Requests, "request")+" per connection")
	}
	if c.Reuse != "" {
		parts = append(parts, word(c.Reuse)+" reused first")
	}
	if c.TLS != "" {
		parts = append(parts, "TLS "+word(c.TLS))
	}
	if c.Resume != nil {
		parts = append(parts, percent(float64(*c.Resume))+" resumed")
	}
	return strings.Join(parts, ", ")
}
