package reports

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/haproof/haproof/harness"
)

// Caps and sizes of the text report.
const (
	textFindings = 10
	textWidth    = 100
)

// Text writes a result as plain text.
func Text(w io.Writer, r *harness.Result) error { return Terminal(w, r, false) }

// Terminal writes a result as text; with colour, the words of verdicts are
// coloured by ANSI sequences. The caller decides on colour: it knows whether w
// is a terminal and whether NO_COLOR is set.
func Terminal(w io.Writer, r *harness.Result, colour bool) error {
	t := &texter{colour: colour}
	t.verdict(r)
	t.checks(r)
	for _, s := range sections(r) {
		if err := t.table(s.table); err != nil {
			return fmt.Errorf("text: %w", err)
		}
	}
	t.environment(r)
	_, err := io.WriteString(w, t.finish())
	return err
}

// texter collects the text.
type texter struct {
	out    bytes.Buffer
	colour bool
}

func (t *texter) line(format string, args ...any) { fmt.Fprintf(&t.out, format+"\n", args...) }

// finish returns the text without the blanks that pad tables at line ends.
func (t *texter) finish() string {
	var b strings.Builder
	for l := range strings.Lines(t.out.String()) {
		b.WriteString(strings.TrimRight(l, " \n") + "\n")
	}
	return b.String()
}

// paint colours the word of a verdict, where asked to.
func (t *texter) paint(b badge, s string) string {
	if !t.colour {
		return s
	}
	return "\x1b[1;" + b.ansi + "m" + s + "\x1b[0m"
}

func (t *texter) verdict(r *harness.Result) {
	b := badgeOf(r.Status)
	t.line("%s  %s", t.paint(b, b.Word), fold(verdictSentence(r), textWidth, "      "))
	t.line("")
	t.line("%s: %s", word(r.Scenario.Name), sentence(r.Scenario.Question))
	t.line("%s", workload(r))
	t.line("run %s, %s", word(r.Run), when(r))
	if r.Interrupted {
		t.line("! interrupted: what follows is what was seen until then")
	}
	t.warn(warnings(r, everything))
	list, more := problems(r)
	t.warn(list)
	if more > 0 {
		t.line("! %s", andMore(more))
	}
}

func (t *texter) warn(list []string) {
	for _, w := range list {
		t.line("! %s", fold(w, textWidth, "  "))
	}
}

func (t *texter) checks(r *harness.Result) {
	list, more := answers(r.Verdicts, textFindings, 4*textFindings)
	t.line("\nWhy")
	width := 0
	for _, a := range list {
		width = max(width, len([]rune(a.Check)))
	}
	for _, a := range list {
		indent := strings.Repeat(" ", 10+width+2)
		t.line("  %s %-*s  %s", t.paint(a.Badge, fmt.Sprintf("%-7s", a.Badge.Word)), width, a.Check, fold(a.Sentence, textWidth-len(indent), indent))
		for _, f := range a.Findings {
			t.line("%s- %s: %s", indent, f.Subject, fold(f.Text, textWidth-len(indent)-4, indent+"  "))
		}
		if a.Omitted > 0 {
			t.line("%s- %s", indent, andMore(a.Omitted))
		}
	}
	if more > 0 {
		t.line("  %s", andMore(more))
	}
	if len(list) == 0 {
		t.line("  no check has answered")
	}
}

func (t *texter) table(tab table) error {
	t.line("\n%s", tab.Title)
	t.warn(tab.Warnings)
	plain := tablewriter.NewTable(&t.out,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbols(tw.StyleASCII),
			Settings: tw.Settings{
				Separators: tw.Separators{BetweenColumns: tw.Off, BetweenRows: tw.Off},
				Lines:      tw.Lines{ShowHeaderLine: tw.Off, ShowTop: tw.Off, ShowBottom: tw.Off},
			},
		})),
		tablewriter.WithHeaderAutoFormat(tw.Off), // or "req/s" becomes "REQ/S"
		tablewriter.WithHeaderAutoWrap(tw.WrapNone), tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: aligns(tab)}),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: aligns(tab)}),
		tablewriter.WithTrimSpace(tw.Off),
	)
	plain.Header(tab.names())
	for _, r := range tab.Rows {
		if err := plain.Append(r.Cells); err != nil {
			return err
		}
	}
	if err := plain.Render(); err != nil {
		return err
	}
	if tab.Omitted > 0 {
		t.line(" %s", andMore(tab.Omitted))
	}
	if tab.Note != "" {
		t.line(" %s", fold(tab.Note, textWidth, " "))
	}
	return nil
}

func aligns(tab table) []tw.Align {
	list := make([]tw.Align, len(tab.Columns))
	for i, c := range tab.Columns {
		list[i] = tw.AlignLeft
		if c.Right {
			list[i] = tw.AlignRight
		}
	}
	return list
}

func (t *texter) environment(r *harness.Result) {
	t.line("\nWhere")
	if ct := shown(r); ct.trial != nil && len(ct.trial.Nodes) > 0 {
		t.line("  %s", joined(versions(ct.trial.Nodes), maxNodes))
	}
	var facts []string
	for _, p := range environment(r) {
		facts = append(facts, p.Name+" "+p.Value)
	}
	t.line("  %s", fold(strings.Join(facts, ", "), textWidth, "  "))
	t.line("\nReproduce\n  %s", command(r))
}

// fold breaks a text at spaces into lines of at most width runes; all but the
// first are indented.
func fold(s string, width int, indent string) string {
	var b strings.Builder
	n := 0
	for i, w := range strings.Fields(s) {
		length := len([]rune(w))
		switch {
		case i == 0:
		case n+1+length > width:
			b.WriteString("\n" + indent)
			n = 0
		default:
			b.WriteByte(' ')
			n++
		}
		b.WriteString(w)
		n += length
	}
	return b.String()
}
