package harness

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// shortName is what may stand in tables and in file names.
var shortName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// httpMethod is what may stand in a request line. CONNECT would make a tunnel.
var httpMethod = regexp.MustCompile(`^[A-Z]{1,16}$`)

// hostText is what a host is made of, its placeholders aside.
var hostText = regexp.MustCompile(`^[A-Za-z0-9.:\[\]_-]*$`)

// routesRules hold for a workload's own routes together and for each.
func routesRules(routes []Template) []rule {
	if len(routes) == 0 {
		return nil
	}
	rules := []rule{
		{[]string{"workload.routes"}, func(sc *Scenario) (string, string) {
			if n := len(sc.Workload.Routes); n > MaxRoutes {
				return fmt.Sprintf("the workload has %d routes, more than the limit of %d", n, MaxRoutes), ""
			}
			return "", ""
		}},
		{[]string{"workload.routes", "workload.route", "workload.tls"}, func(sc *Scenario) (string, string) {
			if sc.Workload.Route == RouteDirect && sc.Workload.TLS == 0 && sc.Workload.OverTLS() > 0 {
				return "backends speak no TLS, so no route can have tls on route direct", "set tls: false"
			}
			return "", ""
		}},
		{[]string{"workload.abort.when", "workload.routes"}, func(sc *Scenario) (string, string) {
			if a := sc.Workload.Abort; a != nil && a.When != AbortAsked && a.When != "" {
				return "clients leave within pages that a profile makes long, and the workload has routes of its own", "set when: asked"
			}
			return "", ""
		}},
	}
	for i := range routes[:min(len(routes), MaxRoutes)] {
		rules = append(rules, routeRules(i)...)
	}
	return rules
}

// routeRules hold for one route.
func routeRules(i int) []rule {
	path := "workload.routes." + strconv.Itoa(i)
	on := func(field string, broken func(w *Workload, t *Template) (string, string)) rule {
		return rule{[]string{path + "." + field, path}, func(sc *Scenario) (string, string) {
			t := &sc.Workload.Routes[i]
			text, suggestion := broken(&sc.Workload, t)
			if text != "" {
				text = "route " + t.title(i) + ": " + text
			}
			return text, suggestion
		}}
	}
	return []rule{
		on("name", func(w *Workload, t *Template) (string, string) { return misnamed(w.Routes[:i], t) }),
		on("weight", func(_ *Workload, t *Template) (string, string) {
			return outside("weight", t.Weight, 1, maxWeight)
		}),
		on("method", func(_ *Workload, t *Template) (string, string) {
			if !httpMethod.MatchString(t.Method) || t.Method == http.MethodConnect {
				return fmt.Sprintf("%q is no method that can be offered", brief(t.Method)), "write such as GET or POST"
			}
			return "", ""
		}),
		on("host", func(_ *Workload, t *Template) (string, string) { return wrongHost(t.Host) }),
		on("path", func(_ *Workload, t *Template) (string, string) { return wrongPath(t.Path) }),
		on("header", func(_ *Workload, t *Template) (string, string) { return wrongHeader(t) }),
		on("body", func(_ *Workload, t *Template) (string, string) { return wrongPattern("body", t.Body, maxBody) }),
		on("status", func(_ *Workload, t *Template) (string, string) {
			if t.Status == 0 {
				return "", ""
			}
			return outside("status", t.Status, 200, 599)
		}),
		on("bytes", func(_ *Workload, t *Template) (string, string) {
			if t.Bytes != nil && *t.Bytes > 0 && t.Method == http.MethodHead {
				return "an answer to HEAD has no body, so bytes cannot be above 0", "take bytes out"
			}
			return "", ""
		}),
		on("tls", func(_ *Workload, t *Template) (string, string) {
			if t.TLS != nil && (*t.TLS < 0 || *t.TLS > 1) {
				return fmt.Sprintf("tls is %s, want true, false or a share from 0 to 1", plain(float64(*t.TLS))), ""
			}
			return "", ""
		}),
		{[]string{path, "workload.users"}, func(sc *Scenario) (string, string) {
			t := &sc.Workload.Routes[i]
			if u := sc.Workload.Users; t.uses(PlaceCookie) && (u == nil || !u.Cookies) {
				return "route " + t.title(i) + ": {cookie:…} would always be empty, as nobody keeps cookies", "add workload.users with cookies: true"
			}
			return "", ""
		}},
	}
}

// Check returns what is wrong with the texts of a template that came from elsewhere
// than a scenario, its name and numbers aside.
func (t *Template) Check() error {
	for _, wrong := range []func() (string, string){
		func() (string, string) { return wrongHost(t.Host) },
		func() (string, string) { return wrongPath(t.Path) },
		func() (string, string) { return wrongHeader(t) },
		func() (string, string) { return wrongPattern("body", t.Body, maxBody) },
	} {
		if text, suggestion := wrong(); suggestion != "" {
			return fmt.Errorf("%s (%s)", text, suggestion)
		} else if text != "" {
			return errors.New(text)
		}
	}
	return nil
}

// title is the route's name, or else its place, from 1.
func (t *Template) title(i int) string {
	if t.Name == "" {
		return strconv.Itoa(i + 1)
	}
	return brief(t.Name)
}

func misnamed(before []Template, t *Template) (text, suggestion string) {
	if !shortName.MatchString(t.Name) {
		return fmt.Sprintf("%q is no name for a route", brief(t.Name)), "use at most 32 small letters, digits and hyphens, such as name: order"
	}
	for i := range before {
		if before[i].Name == t.Name {
			return "another route has this name too", "statistics are kept by name: choose another"
		}
	}
	return "", ""
}

func outside(name string, n, low, high int) (text, suggestion string) {
	if n < low || n > high {
		return fmt.Sprintf("%s is %d, want %d to %d", name, n, low, high), ""
	}
	return "", ""
}

// wrongPattern says what is wrong with a text that may hold placeholders.
func wrongPattern(field, text string, most int) (wrong, suggestion string) {
	if len(text) > most {
		return fmt.Sprintf("%s has %d bytes, more than the limit of %d", field, len(text), most), ""
	}
	_, err := ParsePattern(text)
	if bad := (*PatternError)(nil); errors.As(err, &bad) {
		return fmt.Sprintf("%s, %v", field, bad), bad.Suggestion
	}
	return "", ""
}

func wrongHost(host string) (text, suggestion string) {
	if text, suggestion = wrongPattern("host", host, 255); text != "" {
		return text, suggestion
	}
	pieces, _ := ParsePattern(host)
	for _, p := range pieces {
		switch {
		case p.Place != "" && p.Place != PlaceCustomer:
			return fmt.Sprintf("{%s} cannot stand in the host: connections and statistics are kept by host", p.Place), "use {customer}, or a host for each route"
		case !hostText.MatchString(p.Text):
			return fmt.Sprintf("%q is no host", brief(host)), "write such as {customer}.customers.test"
		}
	}
	if len(pieces) == 0 {
		return "the route has no host", "add host: such as {customer}.customers.test"
	}
	return "", ""
}

func wrongPath(path string) (text, suggestion string) {
	if text, suggestion = wrongPattern("path", path, maxPath); text != "" {
		return text, suggestion
	}
	if !strings.HasPrefix(path, "/") {
		return fmt.Sprintf("path %q does not begin with a slash", brief(path)), ""
	}
	if at := strings.IndexFunc(path, func(r rune) bool { return r <= ' ' || r > '~' || r == '#' }); at >= 0 {
		return fmt.Sprintf("path, column %d: a character that a path cannot have", at+1), "write it as % and two hexadecimal digits"
	}
	return "", ""
}

func wrongHeader(t *Template) (text, suggestion string) {
	if len(t.Header) > maxHeader {
		return fmt.Sprintf("header has %d fields, more than the limit of %d", len(t.Header), maxHeader), ""
	}
	seen := map[string]bool{}
	for _, name := range t.Names() {
		key := http.CanonicalHeaderKey(name)
		switch {
		case !isToken(name):
			return fmt.Sprintf("%q is no name of a header field", brief(name)), ""
		case OwnField(name):
			return fmt.Sprintf("header field %s is the driver's own", name), ""
		case seen[key]:
			return fmt.Sprintf("header field %s stands here twice", name), "keep one of them"
		case !isText(t.Header[name]):
			return fmt.Sprintf("header field %s has a control character", name), ""
		}
		seen[key] = true
		if text, suggestion = wrongPattern("header "+name, t.Header[name], maxValue); text != "" {
			return text, suggestion
		}
	}
	return "", ""
}
