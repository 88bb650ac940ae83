package daemon

import (
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// docs is where the operator's page is, and tracker/ with what it shows.
const docs = "../../../docs"

func readDoc(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(docs, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// block is a fenced block of the page.
type block struct {
	heading string // above it
	kind    string // what stands behind the fence, such as "sh" or "sh setup"
	text    string
}

// pageBlocks reads the blocks of docs/TRACKER.md.
func pageBlocks(t *testing.T) (blocks []block) {
	t.Helper()
	heading, inside := "", false
	for line := range strings.Lines(readDoc(t, "TRACKER.md")) {
		kind, fence := strings.CutPrefix(strings.TrimRight(line, "\n"), "```")
		switch {
		case fence && inside:
			inside = false
		case fence:
			inside = true
			blocks = append(blocks, block{heading: heading, kind: kind})
		case inside:
			blocks[len(blocks)-1].text += line
		case strings.HasPrefix(line, "#"):
			heading = strings.Trim(line, "# \n")
		}
	}
	if inside || len(blocks) == 0 {
		t.Fatal("the page has no blocks, or one that does not end")
	}
	return blocks
}

func blocksOf(t *testing.T, kind string) (found []block) {
	t.Helper()
	for _, b := range pageBlocks(t) {
		if b.kind == kind {
			found = append(found, b)
		}
	}
	if len(found) == 0 {
		t.Fatalf("the page has no block of kind %q", kind)
	}
	return found
}

// need skips where a program is not installed, except in CI.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil && os.Getenv("CI") == "true" {
			t.Fatal(err)
		} else if err != nil {
			t.Skip(err)
		}
	}
}

func TestThePageLinksToWhatIsThere(t *testing.T) {
	page := readDoc(t, "TRACKER.md")
	anchors := make(map[string]bool)
	for _, h := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(page, -1) {
		anchor := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(h[1]), "")
		anchors["#"+strings.ReplaceAll(anchor, " ", "-")] = true
	}
	for _, l := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(page, -1) {
		file, _, _ := strings.Cut(l[1], "#")
		if file == "" {
			if !anchors[l[1]] {
				t.Errorf("%s is no heading of the page", l[1])
			}
		} else if _, err := os.Stat(filepath.Join(docs, file)); err != nil {
			t.Error(err)
		}
	}
}

func TestThePageNamesEveryFlagAndVariableAndNoOther(t *testing.T) {
	page := readDoc(t, "TRACKER.md")
	section := page[strings.Index(page, "## Command line"):]
	known := make(map[string]bool)
	serve := newFlags("x")
	serve.declareServe()
	serve.set.VisitAll(func(f *flag.Flag) { known[f.Name] = true })
	for _, name := range []string{"from", "to", "format", "h"} { // of export, and of package flag
		known[name] = true
	}
	told := make(map[string]bool)
	for _, m := range regexp.MustCompile("`-([a-z-]+)").FindAllStringSubmatch(section, -1) {
		told[m[1]] = true
	}
	if !reflect.DeepEqual(told, known) {
		t.Errorf("flags: got %v, want %v", told, known)
	}
	for _, name := range []string{"QUOTA_TRACKER_TOKENS", "QUOTA_TRACKER_WEBHOOK_SECRET", "QUOTA_TRACKER_STORE"} {
		if !strings.Contains(section, "`"+name+"`") {
			t.Errorf("the page does not explain %s", name)
		}
	}
}

func TestTheExampleHasEverySetting(t *testing.T) {
	example := readDoc(t, "tracker/quota-tracker.yaml")
	var walk func(reflect.Type)
	walk = func(of reflect.Type) {
		for i := range of.NumField() {
			f := of.Field(i)
			name := f.Tag.Get("yaml")
			if !regexp.MustCompile(`\b`+name+`: `).MatchString(example) && !strings.Contains(example, name+":\n") {
				t.Errorf("%s.%s: the example has no %s", of.Name(), f.Name, name)
			}
			inner := f.Type
			if inner.Kind() == reflect.Map || inner.Kind() == reflect.Slice {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct {
				walk(inner)
			}
		}
	}
	walk(reflect.TypeFor[Settings]())
}

func TestWhatTheExampleSwitchesOffIsValidToo(t *testing.T) {
	on := regexp.MustCompile(`(?m)^( *)# ([a-z]+: [\[{])`).ReplaceAllString(readDoc(t, "tracker/quota-tracker.yaml"), "$1$2")
	s := DefaultSettings()
	if err := parseSettings("quota-tracker.yaml", []byte(on), &s); err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(Environment{Secret: "sixteen bytes at least"}); err != nil {
		t.Error(err)
	}
	if len(s.Peers.Dial) != 1 || s.Peers.TLS.empty() || s.HTTP.TLS.empty() || s.Drain.TLS.empty() || s.Webhook.URL == "" {
		t.Errorf("not all was switched on: %+v", s)
	}
}

func TestSettingsOnThePageAreValid(t *testing.T) {
	for _, b := range blocksOf(t, "yaml") {
		if strings.HasPrefix(b.text, "scrape_configs:") {
			if err := yaml.Unmarshal([]byte(b.text), new(map[string]any)); err != nil {
				t.Errorf("%s: %v", b.heading, err)
			}
			continue
		}
		s := DefaultSettings()
		if err := parseSettings(b.heading, []byte(b.text), &s); err != nil {
			t.Error(err)
		} else if err := s.Validate(Environment{Secret: "sixteen bytes at least"}); err != nil {
			t.Errorf("%s: %v", b.heading, err)
		}
	}
}

func TestTheUnitIsOneThatSystemdUnderstands(t *testing.T) {
	need(t, "systemd-analyze")
	const program = "/usr/local/bin/quota-tracker"
	unit := readDoc(t, "tracker/quota-tracker.service")
	if !strings.Contains(unit, "ExecStart="+program+" ") {
		t.Fatalf("the unit does not start %s", program)
	}
	self, err := os.Executable() // systemd-analyze wants a program that is there
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "quota-tracker.service")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(unit, program, self)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("systemd-analyze", "verify", "--man=no", file).CombinedOutput(); err != nil || strings.Contains(string(out), "quota-tracker.service") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestAlertsFireWhenTheyShouldAndNotBefore(t *testing.T) {
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Skip(err) // Debian has it in the package prometheus, which also starts a server
	}
	for _, args := range [][]string{{"check", "rules", "alerts.yml"}, {"test", "rules", "alerts_test.yml"}} {
		cmd := exec.Command("promtool", args...)
		cmd.Dir = filepath.Join(docs, "tracker")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v: %s", args, err, out)
		}
	}
}

// decodeStrictly reads YAML of which every field must be known.
func decodeStrictly(t *testing.T, text string, into any) {
	t.Helper()
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		t.Fatal(err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		t.Fatalf("more than one document: %v", err)
	}
}
