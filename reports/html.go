package reports

import (
	"embed"
	"fmt"
	"html/template"
	"io"

	"github.com/haproof/haproof/harness"
)

//go:embed page.html page.css
var pageFiles embed.FS

// page is the one template of all pages. html/template escapes by context.
var page = template.Must(template.New("page.html").Funcs(template.FuncMap{"andMore": andMore}).ParseFS(pageFiles, "page.html"))

// Caps of a page.
const (
	htmlFindings = 50
	maxResults   = 40 // of one page
)

// HTML writes a result as one page that needs no other file, no script and no
// network.
func HTML(w io.Writer, r *harness.Result) error { return Site(w, []*harness.Result{r}) }

// Site writes one page that shows several results in their order.
func Site(w io.Writer, results []*harness.Result) error {
	v, err := siteOf(results)
	if err != nil {
		return err
	}
	if err := page.Execute(w, v); err != nil {
		return fmt.Errorf("html: %w", err)
	}
	return nil
}

// siteView is what the page template shows.
type siteView struct {
	Style       template.CSS
	Title       string
	Description string
	Badge       badge
	Sentence    string
	Results     []resultView
	Omitted     int
}

// resultView is one result on a page.
type resultView struct {
	ID           string
	Badge        badge
	Name         string
	Sentence     string
	Question     string
	Workload     string
	Run          string
	When         string
	Interrupted  bool
	Facts        []fact
	Warnings     []string
	Elsewhere    string
	Problems     []string
	MoreProblems int
	Answers      []answer
	MoreAnswers  int
	Central      []table // what the scenario asks about: shown before all charts
	Charts       []chartView
	Numbers      []table
	Topology     template.HTML
	Nodes        table
	Environment  []pair
	Command      string
}

// chartView is one chart on a page.
type chartView struct {
	Title, Text string
	SVG         template.HTML
	Table       table
	Open        bool
	Warnings    []string
}

func siteOf(results []*harness.Result) (siteView, error) {
	css, err := pageFiles.ReadFile("page.css")
	if err != nil {
		return siteView{}, err
	}
	v := siteView{Style: template.CSS(":root{" + variables(false) + "}@media(prefers-color-scheme:dark){:root{" + variables(true) + "}}" + shadeRules() + string(css))}
	var verdicts []harness.Verdict
	for _, r := range results {
		verdicts = append(verdicts, harness.Verdict{Status: r.Status})
	}
	v.Badge = badgeOf(worst(verdicts))
	v.Sentence = siteSentence(verdicts)
	v.Title, v.Description = v.Badge.Word+": "+v.Sentence, v.Sentence
	results, v.Omitted = first(results, maxResults)
	for i, r := range results {
		v.Results = append(v.Results, viewOf(r, fmt.Sprintf("r%d", i+1)))
	}
	tellApart(v.Results, results)
	if len(v.Results) == 1 {
		one := v.Results[0]
		v.Title, v.Description = one.Badge.Word+": "+one.Name, one.Sentence+" "+one.Question
	}
	return v, nil
}

// tellApart adds to the names that several results share the version of HAProxy that
// each is about.
func tellApart(views []resultView, results []*harness.Result) {
	shared := map[string]int{}
	for _, v := range views {
		shared[v.Name]++
	}
	for i := range views {
		if shared[views[i].Name] < 2 {
			continue
		}
		if version := proxyVersion(results[i]); version != "" {
			views[i].Name += ", HAProxy " + word(version)
		}
	}
}

// proxyVersion returns the version of the proxies of the first trial.
func proxyVersion(r *harness.Result) string {
	for _, ct := range trials(r) {
		for _, n := range ct.trial.Nodes {
			if n.Tier == harness.TierProxy {
				return n.Version
			}
		}
	}
	return ""
}

// siteSentence counts the verdicts of several results.
func siteSentence(verdicts []harness.Verdict) string {
	of := map[harness.Status]int{}
	for _, v := range verdicts {
		of[v.Status]++
	}
	s := plural(len(verdicts), "scenario") + ": " + count(of[harness.Pass]) + " passed"
	if n := of[harness.Fail]; n > 0 {
		s += ", " + count(n) + " failed"
	}
	if n := of[harness.Unknown]; n > 0 {
		s += ", " + count(n) + " unknown"
	}
	return s
}

func viewOf(r *harness.Result, id string) resultView {
	v := resultView{
		ID: id, Badge: badgeOf(r.Status), Name: word(r.Scenario.Name), Sentence: verdictSentence(r), Question: sentence(r.Scenario.Question),
		Workload: workload(r), Run: word(r.Run), When: when(r), Interrupted: r.Interrupted, Facts: facts(r),
		Topology: template.HTML(topology(r)), Environment: environment(r), Command: command(r),
	}
	v.Warnings, v.Elsewhere = warnings(r, everything), elsewhere(r)
	v.Problems, v.MoreProblems = problems(r)
	v.Answers, v.MoreAnswers = answers(r.Verdicts, htmlFindings, 2*htmlFindings)
	if ct := drawnTrial(r); ct.trial != nil {
		v.Nodes = nodeTable(ct.trial)
	}
	v.addNumbers(r)
	return v
}

// addNumbers adds the charts, and those tables that no chart carries whole.
func (v *resultView) addNumbers(r *harness.Result) {
	carried := map[topic]bool{}
	for _, c := range charts(r) {
		cv := chartView{Title: c.Title, Text: c.Text, SVG: template.HTML(c.inline()), Table: c.Table, Open: c.whole}
		if _, seen := carried[c.about]; !seen {
			cv.Warnings = warnings(r, c.about)
		}
		carried[c.about] = carried[c.about] || c.whole
		v.Charts = append(v.Charts, cv)
	}
	for _, s := range sections(r) {
		if s.about == aboutCosts || s.about == aboutCharges {
			v.Central = append(v.Central, s.table)
			continue
		}
		if !carried[s.about] {
			v.Numbers = append(v.Numbers, s.table)
		}
	}
}
