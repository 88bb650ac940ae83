package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// exposed is what a daemon with everything configured tells Prometheus.
type exposed struct {
	families map[string]bool // as they are declared
	samples  map[string]bool // with the endings of histograms
	labels   map[string]bool // name="value"
}

func scrape(t *testing.T) exposed {
	t.Helper()
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(hook.Close)
	t.Setenv("QUOTA_TRACKER_WEBHOOK_SECRET", "sixteen bytes at least")
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	text := fmt.Sprintf("store: {url: %s/counts.db}\nwebhook: {url: %q}\ndrain: {listen: [\"unixgram://%s/log\"]}\nlimits: {table: plan, default: free, plans: {free: {total: 2, deny: true}}}\n", dir, hook.URL, dir)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, "-config", file)
	p := r.proxy("hap1")
	p.Inc("a", 3)
	if err := p.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.totals() // an answer of the API
	resp, err := http.Get("http://" + r.http + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	r.end()
	e := exposed{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for line := range strings.Lines(string(body)) {
		if family, ok := strings.CutPrefix(line, "# TYPE "); ok {
			e.families[strings.Fields(family)[0]] = true
		} else if !strings.HasPrefix(line, "#") {
			e.samples[regexp.MustCompile(`^\w+`).FindString(line)] = true
			for _, label := range regexp.MustCompile(`\w+="[^"]*"`).FindAllString(line, -1) {
				e.labels[label] = true
			}
		}
	}
	return e
}

var (
	metricName = regexp.MustCompile(`\b(?:quota_tracker|process|go)_[a-z0-9_]+`)
	matcher    = regexp.MustCompile(`\b(effect|state)=~?"([^"]+)"`)
)

// wants says what an expression asks for that does not exist.
func (e exposed) wants(t *testing.T, where, expr string) {
	t.Helper()
	names := metricName.FindAllString(expr, -1)
	if len(names) == 0 && !strings.Contains(expr, "up{") {
		t.Errorf("%s: %q asks for nothing", where, expr)
	}
	for _, name := range names {
		if !e.samples[name] {
			t.Errorf("%s: there is no metric %s", where, name)
		}
	}
	for _, m := range matcher.FindAllStringSubmatch(expr, -1) {
		for value := range strings.SplitSeq(m[2], "|") {
			if label := m[1] + `="` + value + `"`; !e.labels[label] {
				t.Errorf("%s: no metric has %s", where, label)
			}
		}
	}
}

func TestWhatIsWatchedIsThere(t *testing.T) {
	e := scrape(t)
	var alerts struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	decodeStrictly(t, readDoc(t, "tracker/alerts.yml"), &alerts)
	for _, r := range alerts.Groups[0].Rules {
		e.wants(t, r.Alert, r.Expr)
		if s := r.Labels["severity"]; s != "page" && s != "ticket" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
			t.Errorf("%s: got %v and %v, want who is told, and what", r.Alert, r.Labels, r.Annotations)
		}
	}
	for _, p := range dashboard(t) {
		for _, target := range p.Targets {
			e.wants(t, p.Title, target.Expr)
		}
	}

	page := readDoc(t, "TRACKER.md")
	_, section, _ := strings.Cut(page, "| metrics | |\n")
	section, _, _ = strings.Cut(section, "\n\n")
	var told []string
	for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(section, -1) {
		told = append(told, "quota_tracker_"+m[1])
	}
	slices.Sort(told)
	var known []string
	for _, name := range slices.Sorted(maps.Keys(e.families)) {
		if strings.HasPrefix(name, "quota_tracker_") {
			known = append(known, name)
		}
	}
	if diff := cmp.Diff(known, told); diff != "" {
		t.Errorf("metrics (-there +on the page): %s", diff)
	}
}

type panel struct {
	ID          int
	Type, Title string
	GridPos     struct{ X, Y, W, H int }
	Targets     []struct{ Expr, RefID string }
}

func dashboard(t *testing.T) []panel {
	t.Helper()
	var d struct{ Panels []panel }
	if err := json.Unmarshal([]byte(readDoc(t, "tracker/grafana.json")), &d); err != nil {
		t.Fatal(err)
	}
	return d.Panels
}

func TestPanelsOfTheDashboardDoNotOverlap(t *testing.T) {
	panels := dashboard(t)
	if len(panels) < 20 {
		t.Errorf("got %d panels, want a dashboard", len(panels))
	}
	taken := make(map[[2]int]string)
	ids := make(map[int]bool)
	for _, p := range panels {
		if ids[p.ID] || p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %d, %q: its number is taken, or it shows nothing", p.ID, p.Title)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("panel %q is where %q is, or outside", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
}
