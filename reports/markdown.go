package reports

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/haproof/haproof/harness"
)

// Caps of the Markdown report.
const (
	maxMarkdown      = 1 << 20 // what a GitHub step summary takes, in bytes
	markdownFindings = 10
)

// Markdown writes a result as GitHub Markdown of at most 1 MiB, fit for a step
// summary.
func Markdown(w io.Writer, r *harness.Result) error {
	var out bytes.Buffer
	markVerdict(&out, r)
	markChecks(&out, r)
	for _, t := range sections(r) {
		markTable(&out, t.table)
	}
	markEnvironment(&out, r)
	_, err := w.Write(cut(out.Bytes(), maxMarkdown))
	return err
}

// cut shortens Markdown to at most limit bytes, between two lines where it can.
func cut(b []byte, limit int) []byte {
	const note = "\n\n(cut here: the whole report is in index.html)\n"
	if len(b) <= limit {
		return b
	}
	b = b[:limit-len(note)]
	if i := bytes.LastIndexByte(b, '\n'); i > 0 {
		b = b[:i]
	}
	for len(b) > 0 && !utf8.Valid(b[max(0, len(b)-utf8.UTFMax):]) {
		b = b[:len(b)-1]
	}
	return append(b, note...)
}

// Escapes of GitHub Markdown: what could begin markup, a link, a mention or a
// new cell becomes a character reference or is preceded by a backslash.
var markdownEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "\\|", "\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_",
	"[", "\\[", "]", "\\]", "#", "\\#", "~", "\\~", "@", "&#64;", "://", ":&#47;/", "www.", "www&#46;", "!", "\\!")

func mark(s string) string { return markdownEscapes.Replace(s) }

func markVerdict(out *bytes.Buffer, r *harness.Result) {
	fmt.Fprintf(out, "## %s %s: %s\n\n", badgeOf(r.Status).Sign, badgeOf(r.Status).Word, mark(verdictSentence(r)))
	fmt.Fprintf(out, "**%s**: %s  \n%s  \n<sub>run %s, %s</sub>\n\n", mark(word(r.Scenario.Name)), mark(sentence(r.Scenario.Question)), mark(workload(r)), mark(word(r.Run)), when(r))
	if r.Interrupted {
		out.WriteString("> ⚠ Interrupted: what follows is what was seen until then.\n\n")
	}
	markWarnings(out, warnings(r, everything))
	list, more := problems(r)
	if more > 0 {
		list = append(list, andMore(more))
	}
	markWarnings(out, list)
}

func markWarnings(out *bytes.Buffer, list []string) {
	for _, w := range list {
		fmt.Fprintf(out, "> ⚠ %s\n\n", mark(w))
	}
}

func markChecks(out *bytes.Buffer, r *harness.Result) {
	list, more := answers(r.Verdicts, markdownFindings, 6*markdownFindings)
	out.WriteString("| verdict | check | why |\n|---|---|---|\n")
	for _, a := range list {
		why := mark(a.Sentence)
		for _, f := range a.Findings {
			why += "<br>– " + mark(f.Subject) + ": " + mark(f.Text)
		}
		if a.Omitted > 0 {
			why += "<br>– " + andMore(a.Omitted)
		}
		fmt.Fprintf(out, "| %s %s | %s | %s |\n", a.Badge.Sign, a.Badge.Word, mark(a.Check), why)
	}
	if more > 0 {
		fmt.Fprintf(out, "| | | %s |\n", andMore(more))
	}
	if len(list) == 0 {
		out.WriteString("| ? UNKNOWN | none | no check has answered |\n")
	}
	out.WriteString("\n")
}

func markTable(out *bytes.Buffer, t table) {
	fmt.Fprintf(out, "### %s\n\n", mark(t.Title))
	markWarnings(out, t.Warnings)
	rule := "|"
	for _, c := range t.Columns {
		if c.Right {
			rule += "---:|"
		} else {
			rule += "---|"
		}
	}
	markRow(out, t.names())
	out.WriteString(rule + "\n")
	for _, r := range t.Rows {
		markRow(out, r.Cells)
	}
	if t.Omitted > 0 {
		fmt.Fprintf(out, "\n%s\n", andMore(t.Omitted))
	}
	fmt.Fprintf(out, "\n<sub>%s</sub>\n\n", mark(t.Note))
}

func markRow(out *bytes.Buffer, cells []string) {
	out.WriteString("|")
	for _, c := range cells {
		out.WriteString(" " + mark(c) + " |")
	}
	out.WriteString("\n")
}

func markEnvironment(out *bytes.Buffer, r *harness.Result) {
	out.WriteString("<details><summary>Environment and how to reproduce</summary>\n\n")
	if ct := shown(r); ct.trial != nil {
		fmt.Fprintf(out, "- nodes: %s\n", mark(joined(versions(ct.trial.Nodes), maxNodes)))
	}
	for _, p := range environment(r) {
		fmt.Fprintf(out, "- %s: %s\n", mark(p.Name), mark(p.Value))
	}
	fmt.Fprintf(out, "\n```sh\n%s\n```\n</details>\n", strings.ReplaceAll(command(r), "```", "` ` `"))
}
