package check

import (
	"fmt"
	"strconv"

	"github.com/haproof/haproof/harness"
)

// Each check answers with one sentence, without a capital or a full stop, so
// that sentences can be joined.

func pass(format string, args ...any) harness.Verdict {
	return harness.Verdict{Status: harness.Pass, Sentence: fmt.Sprintf(format, args...)}
}

func fail(format string, args ...any) harness.Verdict {
	return harness.Verdict{Status: harness.Fail, Sentence: fmt.Sprintf(format, args...)}
}

func unknown(format string, args ...any) harness.Verdict {
	return harness.Verdict{Status: harness.Unknown, Sentence: fmt.Sprintf(format, args...)}
}

// named puts the name of the check on a verdict.
func named(check string, v harness.Verdict) harness.Verdict {
	v.Check = check
	return v
}

// findings collects at most harness.MaxFindings and counts the rest.
type findings struct {
	list    []harness.Finding
	omitted int
}

func (f *findings) full() bool { return len(f.list) >= harness.MaxFindings }

func (f *findings) add(subject, format string, args ...any) {
	if f.full() {
		f.omitted++
		return
	}
	f.list = append(f.list, harness.Finding{Subject: subject, Text: fmt.Sprintf(format, args...)})
}

func (f *findings) on(v harness.Verdict) harness.Verdict {
	v.Findings, v.Omitted = f.list, f.omitted
	return v
}

// num writes a count with its thousands apart: 100,000.
func num(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// count is num with its noun: 1 attempt, 2 attempts.
func count(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return num(n) + " " + many
}

// percent writes a share: 2.3 %.
func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) + " %" }

// searches says whether the record is of a search, whose lab other trials share
// and whose attempts beyond capacity are meant to fail.
func searches(rec *harness.Record) bool { return rec.Cell.Scenario.Workload.Search != nil }

// cutShort says why the record is not of a whole trial; empty if it is.
func cutShort(rec *harness.Record) string {
	switch {
	case rec.Interrupted:
		return "the trial was interrupted"
	case rec.Error != "":
		return "the trial could not be finished: " + rec.Error
	}
	return ""
}

// because tells why a trial is not whole, to go on in a sentence; nothing of one that is.
func because(rec *harness.Record) string {
	if why := cutShort(rec); why != "" {
		return ": " + why
	}
	return ""
}

// wanted is how many attempts the schedule wanted, by the driver's own word and
// by the workload's.
func wanted(rec *harness.Record) uint64 {
	if searches(rec) {
		return rec.Driven.Offered
	}
	return max(rec.Driven.Offered, rec.Cell.Scenario.Workload.Requests)
}
