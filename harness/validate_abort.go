package harness

import "fmt"

// abortRules hold where the workload has clients that leave early.
var abortRules = []rule{
	ofAbort("workload.abort.share", func(a *Abort, _ *Workload) (text, suggestion string) {
		if a.Share > 0 && a.Share <= 1 {
			return "", ""
		}
		return fmt.Sprintf("workload.abort.share is %s, want more than 0, up to 1", plain(float64(a.Share))), ""
	}),
	ofAbort("workload.abort.when", func(a *Abort, w *Workload) (text, suggestion string) {
		switch {
		case a.When == "":
			return "nobody said when clients leave", "add when: asked, headers or body"
		case a.When != AbortAsked && w.Dynamic == 0 && w.Profile != "php":
			return "clients leave within pages, and the workload asks for none",
				"set workload.dynamic above 0, or when: asked"
		}
		return "", ""
	}, "workload.dynamic", "workload.profile"),
	ofAbort("workload.abort", func(_ *Abort, w *Workload) (text, suggestion string) {
		if w.Search == nil && w.Probe == 0 {
			return "", ""
		}
		return "clients leave, and a search or a probe would take each of them for an error", "take one of them out"
	}, "workload.search", "workload.probe"),
}

// ofAbort is a rule about clients that leave early, if there are any. It rests while
// the path, or one of those around it that it looks at too, could not be read.
func ofAbort(path string, broken func(*Abort, *Workload) (text, suggestion string), around ...string) rule {
	return rule{append([]string{path, "workload.abort"}, around...), func(sc *Scenario) (string, string) {
		if sc.Workload.Abort == nil {
			return "", ""
		}
		return broken(sc.Workload.Abort, &sc.Workload)
	}}
}
