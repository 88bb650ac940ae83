package reports

import (
	"strings"

	"github.com/haproof/haproof/harness"
)

// maxTraffic bounds the routes that are named in a line.
const maxTraffic = 8

// traffic says what makes up the requests: a profile, or the workload's own routes.
func traffic(w *harness.Workload) string {
	if len(w.Routes) == 0 && w.Profile == "" {
		return "targets of its own"
	}
	if len(w.Routes) == 0 {
		return word(w.Profile) + " profile"
	}
	names, omitted := first(w.RouteNames(), maxTraffic)
	for i := range names {
		names[i] = word(names[i])
	}
	text := "routes " + strings.Join(names, ", ")
	if omitted > 0 {
		text += " " + andMore(omitted)
	}
	return text
}
