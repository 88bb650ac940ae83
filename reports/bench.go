package reports

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/haproof/haproof/harness"
)

// benchUnits tell benchstat how to read the units: a difference of counts is
// exact, so that any change shows, however few trials there are.
const benchUnits = `Unit quota-diff assume=exact
Unit failed assume=exact
Unit sustained-req/s better=higher
Unit achieved-req/s better=higher
Unit cpu-ns/attempt better=lower
`

// Bench writes a result in the Go benchmark format, one line per trial, for
// benchstat. Times are in nanoseconds, which benchstat shows as seconds. Run,
// version and verdict are a comment: as configuration they would keep benchstat
// from comparing two runs.
func Bench(w io.Writer, r *harness.Result) error {
	var out bytes.Buffer
	fmt.Fprintf(&out, "# run %s of haproof %s: %s\n", word(r.Run), word(r.Environment.Haproof), strings.ToLower(badgeOf(r.Status).Word))
	for _, p := range []pair{
		{"pkg", "github.com/haproof/haproof"}, {"cpu", r.Environment.CPUModel}, {"engine", r.Environment.Engine}, {"kernel", r.Environment.Kernel},
	} {
		if v := word(p.Value); v != "" {
			fmt.Fprintf(&out, "%s: %s\n", p.Name, v)
		}
	}
	out.WriteString("\n" + benchUnits + "\n")
	for _, ct := range trials(r) {
		benchTrial(&out, r, ct)
	}
	_, err := w.Write(out.Bytes())
	return err
}

func benchTrial(out *bytes.Buffer, r *harness.Result, ct cellTrial) {
	s := &ct.trial.Summary
	if s.Attempts == 0 {
		return // the format has no way to say that nothing was measured
	}
	fmt.Fprintf(out, "Benchmark%s %d", benchName(r.Scenario.Name, ct.cell.Cell), s.Attempts)
	if spread := spreadOf(ct.trial); counted(ct.trial) && len(spread.Witnesses) > 1 {
		fmt.Fprintf(out, " %d quota-diff", spread.Gap)
	}
	fmt.Fprintf(out, " %d failed", s.Failed)
	if s.Sustained != nil {
		fmt.Fprintf(out, " %s sustained-req/s", float(s.Sustained.MetRPS))
	} else {
		fmt.Fprintf(out, " %s achieved-req/s", float(s.AchievedRPS))
		benchQuantiles(out, "", s.Response)
		benchQuantiles(out, "service-", s.Service)
	}
	if s.Lag.N > 0 {
		fmt.Fprintf(out, " %d lag-p99-ns", s.Lag.P99)
	}
	if cpu, ok := cpuOf(ct.trial); ok {
		fmt.Fprintf(out, " %s cpu-ns/attempt", float(float64(cpu)/float64(s.Attempts)))
	}
	out.WriteString("\n")
}

func benchQuantiles(out *bytes.Buffer, prefix string, q harness.Quantiles) {
	if q.N > 0 {
		fmt.Fprintf(out, " %d %sp50-ns %d %sp99-ns", q.P50, prefix, q.P99, prefix)
	}
}

// cpuOf adds up the CPU time of all nodes; not known where one of them could
// not be read.
func cpuOf(t *harness.TrialResult) (sum time.Duration, ok bool) {
	for _, u := range t.Usage {
		if u.Unknown != "" {
			return 0, false
		}
		sum += u.CPU
	}
	return sum, len(t.Usage) > 0
}

// benchName writes scenario and settings as the name and the sub-names of a
// benchmark: QuotaExact/topology.backend.count=4.
func benchName(scenario string, c harness.Cell) string {
	name := ""
	for part := range strings.FieldsFuncSeq(word(scenario), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		name += title(part)
	}
	for _, s := range c.Settings {
		name += "/" + benchWord(s.Path) + "=" + benchWord(s.Value)
	}
	return name
}

// benchWord replaces what would end a name or a sub-name.
func benchWord(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("/=", r) {
			return '_'
		}
		return r
	}, word(s))
}

func float(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
