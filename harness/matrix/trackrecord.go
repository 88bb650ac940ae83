package matrix

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haproof/haproof/harness"
)

// TrackRecord is what was found last of every cell: a table per version.
type TrackRecord []Table

// Version is that of all rows of a table of the track record.
func (t Table) Version() string { return t.Plan.Versions[0] }

// Enter takes in the rows of a matrix. Each takes the place of the former row of its
// cell. Rows without a single trial are left out: they say something of a machine,
// nothing of HAProxy.
func (r *TrackRecord) Enter(t Table) {
	for _, version := range t.Plan.Versions {
		one := t
		one.Plan = Plan{Engine: t.Plan.Engine, Versions: []string{version}}
		one.Rows = slices.DeleteFunc(slices.Clone(t.Rows), func(row Row) bool { return row.Version != version || row.Why != "" })
		if len(one.Rows) == 0 {
			continue
		}
		i := slices.IndexFunc(*r, func(old Table) bool { return old.Version() == version })
		if i < 0 {
			*r = append(*r, one)
			continue
		}
		for _, old := range (*r)[i].Rows {
			if !slices.ContainsFunc(one.Rows, old.sameCell) {
				one.Rows = append(one.Rows, old)
			}
		}
		(*r)[i] = one
	}
	for i := range *r {
		(*r)[i].Sort()
	}
	slices.SortFunc(*r, func(a, b Table) int { return cmp.Compare(a.Version(), b.Version()) })
}

func (r Row) sameCell(other Row) bool {
	return r.Fault == other.Fault && r.Style == other.Style && r.Also == other.Also && r.Version == other.Version
}

// Forget drops the rows of faults that there are no more.
func (r TrackRecord) Forget(known []string) {
	for i := range r {
		r[i].Rows = slices.DeleteFunc(r[i].Rows, func(row Row) bool { return !slices.Contains(known, row.Fault) })
	}
}

// Missing names the faults of which some version, or all, have no row.
func (r TrackRecord) Missing(faults []string) []string {
	var missing []string
	for _, fault := range faults {
		var of []string
		for _, t := range r {
			if !slices.ContainsFunc(t.Rows, func(row Row) bool { return row.Fault == fault }) {
				of = append(of, t.Version())
			}
		}
		switch {
		case len(of) == 0 && len(r) > 0:
		case len(of) == len(r):
			missing = append(missing, fault)
		default:
			missing = append(missing, fault+" ("+strings.Join(of, ", ")+")")
		}
	}
	return missing
}

// Markdown writes the page. It says nothing that is not in the rows, but for the names
// of faults that have none.
func (r TrackRecord) Markdown(faults []string) string {
	var b strings.Builder
	b.WriteString(trackRecordHead)
	r.where(&b)
	r.overview(&b)
	if missing := r.Missing(faults); len(missing) > 0 {
		fmt.Fprintf(&b, "\nNot measured: %s.\n", strings.Join(missing, ", "))
	}
	for _, t := range r {
		t.details(&b)
	}
	return b.String()
}

const trackRecordHead = `# Track record: what each fault did to the counts

Written by ` + "`haproof trackrecord`" + ` from the rows in [trackrecord/](trackrecord); do not edit. Each row is a fault, played
against real HAProxy, nginx with PHP and the quota tracker under load. Keys *exact* are haproof's configuration; *plain*
is that of the talk which the design comes from. *Lost* and *doubled* are dynamic answers, summed over customers: what
the tracker lacks of, and has beyond, what clients, origins and the proxies' log say. [METHODOLOGY.md](METHODOLOGY.md)
says how that is known, and [scenarios/faults](../scenarios/faults) why it is what it is: each file states what is
expected, and a row passes only if that is what was seen.
`

// where says on what the rows were measured.
func (r TrackRecord) where(b *strings.Builder) {
	b.WriteString("\n| HAProxy | played | engine | machine | haproof |\n|---|---|---|---|---|\n")
	for _, t := range r {
		fmt.Fprintf(b, "| %s | %s | %s | %d cores, %s, %s | %s |\n", strings.Join(t.full(), ", "),
			t.Began.Format("2006-01-02"), t.Plan.Engine, t.Cores, cell(t.CPUModel), cell(t.OS), cell(t.Haproof))
	}
}

// full are the versions that HAProxy itself said.
func (t Table) full() []string {
	said := map[string]bool{}
	for _, row := range t.Rows {
		said[cmp.Or(row.HAProxy, row.Version)] = true
	}
	return slices.Sorted(maps.Keys(said))
}

// overview is one line per fault and style, and a column per version.
func (r TrackRecord) overview(b *strings.Builder) {
	type line struct{ fault, keys, question string }
	var lines []line
	found := map[line]map[string]Row{}
	for _, t := range r {
		for _, row := range t.Rows {
			l := line{row.Fault, row.Keys(), row.Question}
			if found[l] == nil {
				found[l] = map[string]Row{}
				lines = append(lines, l)
			}
			found[l][row.Version] = row
		}
	}
	slices.SortFunc(lines, func(x, y line) int { return cmp.Or(cmp.Compare(x.fault, y.fault), cmp.Compare(x.keys, y.keys)) })
	b.WriteString("\n| fault | question | keys |")
	for _, t := range r {
		fmt.Fprintf(b, " %s |", t.Version())
	}
	b.WriteString("\n|---|---|---|" + strings.Repeat("---|", len(r)) + "\n")
	last := ""
	for _, l := range lines {
		name, question := "["+l.fault+"](../scenarios/faults/"+l.fault+".yaml)", cell(l.question)
		if l.fault == last {
			name, question = "", ""
		}
		last = l.fault
		fmt.Fprintf(b, "| %s | %s | %s |", name, question, l.keys)
		for _, t := range r {
			fmt.Fprintf(b, " %s |", outcome(found[l][t.Version()]))
		}
		b.WriteString("\n")
	}
}

// outcome is a row in few words.
func outcome(row Row) string {
	var words []string
	switch {
	case row.Trials == 0:
		return ""
	case row.Lost+row.Doubled == 0 && row.Truth.Sure > 0:
		words = append(words, fmt.Sprintf("exact (%d)", row.Truth.Sure))
	default:
		words = append(words, fmt.Sprintf("lost %d, doubled %d of %d", row.Lost, row.Doubled, row.Truth.Sure))
	}
	if row.Verdict != harness.Pass {
		words = append(words, "**"+row.Verdict.String()+"**")
	}
	return strings.Join(words, " ")
}

// details lists every cell of a version with its figures and its command.
func (t Table) details(b *strings.Builder) {
	fmt.Fprintf(b, "\n## HAProxy %s\n\n", t.Version())
	b.WriteString("Truth is an interval where nobody can know whether an answer is to be charged. Recovery is the longest time from a fault's\n" +
		"beginning until the lab was whole again, convergence the time from the last answer until nobody had anything left to say.\n\n")
	b.WriteString("| fault | keys | truth | counted | lost | expected | doubled | expected | recovery | convergence | verdict |\n|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, row := range t.Rows {
		fmt.Fprintf(b, "| %s | %s | %s | %d | %d | %s | %d | %s | %s | %s | %s |\n", row.Fault, row.Keys(), row.truth(), row.Counted,
			row.Lost, cell(row.WantLost), row.Doubled, cell(row.WantDoubled), short(row.Recovery), short(row.Convergence), row.Verdict)
	}
	b.WriteString("\nTo play a cell again:\n\n```\n")
	for _, row := range t.Rows {
		b.WriteString(row.Command + "\n")
	}
	b.WriteString("```\n")
	for _, row := range t.Rows {
		if row.Verdict != harness.Pass {
			fmt.Fprintf(b, "\n**%s, %s: %s.** %s\n", row.Fault, row.Keys(), row.Verdict, cell(row.Sentence))
		}
	}
}

// cell makes a text safe between the bars of a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text)
}
