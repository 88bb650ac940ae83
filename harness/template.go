package harness

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Template is one kind of request that a workload offers, in the place of what a
// profile would make up. Host, Path, the values of Header and Body may hold
// placeholders, see ParsePattern. The customer who owns the host is charged for
// what PHP answers; a host that no customer owns charges nobody.
type Template struct {
	Name    string            `yaml:"name" json:"name"`                 // of the route, in statistics
	Weight  int               `yaml:"weight" json:"weight"`             // how often it is chosen, compared with the others; default 1
	Method  string            `yaml:"method" json:"method"`             // default GET, with a body POST
	Host    string            `yaml:"host" json:"host"`                 // of all placeholders only {customer}, because connections and statistics are kept by host
	Path    string            `yaml:"path" json:"path"`                 // with the query; default /
	Header  map[string]string `yaml:"header" json:"header,omitempty"`   // further fields by name
	Body    string            `yaml:"body" json:"body,omitempty"`       // sent with its length
	Status  int               `yaml:"status" json:"status,omitempty"`   // expected; 0 means any below 400
	Bytes   *uint64           `yaml:"bytes" json:"bytes,omitempty"`     // expected size of the answer's body; nil means any
	Dynamic bool              `yaml:"dynamic" json:"dynamic,omitempty"` // PHP answers; otherwise it must not
	TLS     *Share            `yaml:"tls" json:"tls,omitempty"`         // share over HTTPS; nil means that of the workload
}

// The limits of a template's texts, in bytes.
const (
	MaxRoutes = 64 // of one workload
	maxPath   = 8000
	maxHeader = 100 // fields
	maxValue  = 4000
	maxBody   = 64 << 10
	maxWeight = 1_000_000
)

// ownFields are those that a driver writes itself, and those that would change what
// an attempt is.
var ownFields = []string{"Host", "Content-Length", "Connection", "Transfer-Encoding", "Expect", "Upgrade", SeqHeader}

// OwnField says whether a header field is not for templates.
func OwnField(name string) bool {
	return slices.Contains(ownFields, http.CanonicalHeaderKey(name))
}

// Names returns the names of the header's fields in the order in which they are
// sent.
func (t *Template) Names() []string { return slices.Sorted(maps.Keys(t.Header)) }

// Texts returns every text of the template that may hold placeholders, by the name
// of its field.
func (t *Template) Texts() map[string]string {
	texts := map[string]string{"host": t.Host, "path": t.Path, "body": t.Body}
	for name, value := range t.Header {
		texts["header."+name] = value
	}
	return texts
}

// uses says whether a text of the template has a placeholder.
func (t *Template) uses(place Placeholder) bool {
	for _, text := range t.Texts() {
		pieces, _ := ParsePattern(text) // what is wrong with it is another rule's
		if slices.ContainsFunc(pieces, func(p Piece) bool { return p.Place == place }) {
			return true
		}
	}
	return false
}

// OverTLS returns the share of attempts over HTTPS: with routes, the mean of theirs.
func (w *Workload) OverTLS() Share {
	return w.meanOfRoutes(w.TLS, func(t *Template) float64 {
		if t.TLS == nil {
			return float64(w.TLS)
		}
		return float64(*t.TLS)
	})
}

// meanOfRoutes returns the mean of a share by weight, or another one where the
// workload has no routes. Of equal shares it is exactly that share where they are 0
// or 1.
func (w *Workload) meanOfRoutes(without Share, of func(*Template) float64) Share {
	var sum, weights float64
	for i := range w.Routes {
		sum += float64(w.Routes[i].Weight) * of(&w.Routes[i])
		weights += float64(w.Routes[i].Weight)
	}
	if weights == 0 {
		return without
	}
	return Share(sum / weights)
}

// RouteNames returns the names of the workload's own routes.
func (w *Workload) RouteNames() []string {
	var names []string
	for i := range w.Routes {
		names = append(names, w.Routes[i].Name)
	}
	return names
}

// isText says whether a text is free of control characters, tabs excepted.
func isText(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) < 0
}
