package check

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
)

const ms = time.Millisecond

// good is a record that every check passes: 100 attempts of 5 customers, every
// other one dynamic, all answered, logged, charged and settled.
func good() *harness.Record {
	rec := &harness.Record{
		Cell: harness.Cell{Name: "only", Scenario: harness.Scenario{
			Topology: harness.Topology{
				harness.TierProxy:   {Kind: "haproxy", Count: 2, Threads: 1},
				harness.TierBackend: {Kind: "web", Count: 2, CPUs: 0.2},
				harness.TierTracker: {Kind: "quota-tracker"},
			},
			Workload: harness.Workload{Requests: 100},
		}},
		Trial:       1,
		Environment: harness.Environment{Cores: 2},
		Nodes: []harness.Node{
			{Name: "proxy1", Tier: harness.TierProxy}, {Name: "proxy2", Tier: harness.TierProxy},
			{Name: "backend1", Tier: harness.TierBackend, CPUs: 0.2, Limited: true},
			{Name: "backend2", Tier: harness.TierBackend, CPUs: 0.2, Limited: true},
			{Name: "tracker", Tier: harness.TierTracker},
		},
		Driven:     harness.Driven{Length: time.Second, Offered: 100, CPU: 300 * ms},
		Settlement: harness.Settlement{Settled: true},
		Host:       harness.HostUsage{Wall: time.Second, Cores: 2, Busy: time.Second},
		Receipts:   &harness.Receipts{Spans: []harness.Span{{First: 0, Last: 99}}},
	}
	for i := range 100 {
		at := time.Duration(i) * 10 * ms
		rec.Attempts = append(rec.Attempts, harness.Attempt{
			Seq: uint64(i), Key: fmt.Sprintf("c%04d", i%5), Intended: at, Sent: at + ms/10, Done: at + 3*ms,
			Status: 200, Bytes: 512, Dynamic: i%2 == 0, Outcome: harness.OK,
		})
	}
	agree(rec)
	return rec
}

// agree lets all four other witnesses say what the client says.
func agree(rec *harness.Record) {
	rec.Ledgers = map[string]harness.Ledger{}
	for _, name := range []string{harness.WitnessOrigin, harness.WitnessStickTable, harness.WitnessProxyLog, harness.WitnessTracker} {
		rec.Ledgers[name] = maps.Clone(harness.ClientLedger(rec.Attempts))
	}
}

// charge sets what a witness says of a customer.
func charge(rec *harness.Record, witness, key string, n uint64) {
	rec.Ledgers[witness][key] = harness.Tally{Sure: n}
}

// timeOut makes an attempt indeterminate.
func timeOut(rec *harness.Record, i int) {
	a := &rec.Attempts[i]
	a.Status, a.Bytes, a.Outcome, a.Cause = 0, 0, harness.Indeterminate, harness.CauseTimeout
}

// judged is one row of a table of records and the verdict that each must get.
type judged struct {
	why     string
	spoil   func(*harness.Record)
	status  harness.Status
	says    string // part of the sentence
	finding string // part of a finding, as "subject: text"
}

// run judges a good record that each row spoils in its own way.
func run(t *testing.T, spec harness.CheckSpec, rows []judged) {
	t.Helper()
	judge, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		rec := good()
		row.spoil(rec)
		v := judge.(harness.Check).Judge(rec)
		if v.Status != row.status || !strings.Contains(v.Sentence, row.says) || v.Check != spec.Name || !hasFinding(v, row.finding) {
			t.Errorf("%s:\ngot  %s %+v\nwant %s %q, finding %q", row.why, v.Status, v, row.status, row.says, row.finding)
		}
	}
}

func hasFinding(v harness.Verdict, part string) bool {
	for _, f := range v.Findings {
		if strings.Contains(f.Subject+": "+f.Text, part) {
			return true
		}
	}
	return part == ""
}

func nothing(*harness.Record) {}

func search(rec *harness.Record) { rec.Cell.Scenario.Workload.Search = &harness.Search{} }

// setLimits gives the customers of a record limits.
func setLimits(rec *harness.Record) {
	rec.Cell.Scenario.Topology[harness.TierTracker] = harness.Tier{Kind: "quota-tracker", Limits: &harness.Limits{Customers: 5, Total: 10}}
}

func unsettled(rec *harness.Record) {
	rec.Settlement = harness.Settlement{Missing: []string{"proxy1: 3 sessions"}}
}
