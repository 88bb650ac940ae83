package reports

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/haproof/haproof/harness"
)

// reference finds what could make a browser fetch something.
var reference = regexp.MustCompile(`(?i)\b(?:src|srcset|href|xlink:href|action|formaction|poster|data|background)\s*=\s*"?([^"\s>]*)|url\(([^)]*)\)|@import\s*([^;]*)`)

func TestPageFetchesNothing(t *testing.T) {
	for name, build := range fixtures {
		got := render(t, HTML, build())
		for _, m := range reference.FindAllSubmatch(got, -1) {
			target := string(m[1]) + string(m[2]) + string(m[3])
			if target != "data:," && !strings.HasPrefix(target, "#") {
				t.Errorf("%s refers to %q", name, m[0])
			}
		}
		for _, tag := range []string{"<script", "<iframe", "<object", "<embed", "<link rel=\"stylesheet", "<img"} {
			if bytes.Contains(got, []byte(tag)) {
				t.Errorf("%s has %s", name, tag)
			}
		}
	}
}

func TestPageWithTwentyChartsStaysSmall(t *testing.T) {
	var results []*harness.Result
	n := 0
	for n < 20 {
		for _, r := range []*harness.Result{quotaFail(), sweep()} {
			results, n = append(results, r), n+len(charts(r))
		}
	}
	var out bytes.Buffer
	if err := Site(&out, results); err != nil {
		t.Fatal(err)
	}
	if got := bytes.Count(out.Bytes(), []byte("<figure><svg viewBox")); got != n {
		t.Errorf("%d charts on the page, want %d", got, n)
	}
	if out.Len() > 300_000 {
		t.Errorf("%d charts take %d bytes, more than 300,000", n, out.Len())
	}
}

func TestPageSaysTheVerdictFirst(t *testing.T) {
	for name, build := range fixtures {
		r := build()
		got := string(render(t, HTML, r))
		body := got[strings.Index(got, "<main>"):]
		verdict, why := strings.Index(body, badgeOf(r.Status).Word), strings.Index(body, "<h2>Why</h2>")
		chart, reproduce := strings.Index(body, "<figure>"), strings.Index(body, "<h2>Reproduce</h2>")
		if !(0 < verdict && verdict < why && why < chart && chart < reproduce) {
			t.Errorf("%s: verdict at %d, why at %d, first chart at %d, reproduce at %d: not in this order", name, verdict, why, chart, reproduce)
		}
		if !strings.Contains(got, "<title>"+badgeOf(r.Status).Word) || !strings.Contains(got, `<meta name="description" content="`) {
			t.Errorf("%s has no title with the verdict, or no description", name)
		}
	}
}

func TestSiteShowsAllResultsUnderTheWorstVerdict(t *testing.T) {
	var out bytes.Buffer
	if err := Site(&out, []*harness.Result{quotaPass(), interruptedRun(), sweep()}); err != nil {
		t.Fatal(err)
	}
	got := out.String()
	if !strings.Contains(got, "<title>UNKNOWN: 3 scenarios: 2 passed, 1 unknown") {
		t.Error("a site with an unknown result does not say so in its title")
	}
	for i := range 3 {
		if id := fmt.Sprintf("r%d", i+1); !strings.Contains(got, `href="#`+id+`"`) || !strings.Contains(got, `<article id="`+id+`"`) {
			t.Errorf("result %s is not linked and shown", id)
		}
	}
}

func TestResultsOfOneNameAreToldApartByVersion(t *testing.T) {
	newer := quotaPass()
	for i := range newer.Cells[0].Trials[0].Nodes {
		newer.Cells[0].Trials[0].Nodes[i].Version = "3.9.1"
	}
	var out bytes.Buffer
	if err := Site(&out, []*harness.Result{quotaPass(), newer, sweep()}); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, "quota-exact, HAProxy 3.9.1") || strings.Contains(got, "throughput-by-backends, HAProxy") {
		t.Error("two results of quota-exact do not say which HAProxy each is about, or one that is alone does")
	}
}

func BenchmarkHTML(b *testing.B) {
	r := sweep()
	b.Run("24trials", func(b *testing.B) { benchmarkFormat(b, HTML, r) })
	b.Run("50customers", func(b *testing.B) { benchmarkFormat(b, HTML, quotaPass()) })
}

func BenchmarkText(b *testing.B) { benchmarkFormat(b, Text, sweep()) }

// BenchmarkWrite renders every format of 24 trials, each with 50 customers and
// five witnesses, and all plots.
func BenchmarkWrite(b *testing.B) {
	r := sweep()
	for i := range r.Cells {
		for j := range r.Cells[i].Trials {
			one := quotaPass().Cells[0].Trials[0]
			r.Cells[i].Trials[j].Counts, r.Cells[i].Trials[j].Customers = one.Counts, one.Customers
		}
	}
	dir := b.TempDir()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Write(dir, r); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkFormat(b *testing.B, format Format, r *harness.Result) {
	b.ReportAllocs()
	for b.Loop() {
		if err := format(io.Discard, r); err != nil {
			b.Fatal(err)
		}
	}
}
