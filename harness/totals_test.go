package harness

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haproof/haproof/harness/stats"
)

// mixture is a trial of n attempts in which everything goes wrong that can.
func mixture(n int) *Record {
	r := rand.New(rand.NewPCG(1, 2))
	causes := []Cause{"", "", "", "", CauseTimeout, CauseReset, CauseShed, CauseDenied, CauseAborted, CausePorts}
	rec := &Record{Driven: Driven{Offered: uint64(n), Length: 10 * time.Second, CPU: time.Second}, Host: HostUsage{Wall: 10 * time.Second, Cores: 2}}
	rec.Cell.Scenario.Workload = Workload{Rate: 100, SoftStart: time.Second, Seed: 3, Abort: &Abort{Share: 0.5, When: AbortAsked}}
	for k := range uint64(n) {
		a := Attempt{Seq: k, Key: string(rune('a' + r.IntN(5))), Intended: time.Duration(k) * 10 * milli, Status: []int{200, 404}[r.IntN(2)], Bytes: r.Uint64N(1000),
			TLS: r.IntN(2) == 0, Dynamic: r.IntN(2) == 0, Outcome: Outcome(r.IntN(3)), Cause: causes[r.IntN(len(causes))]}
		a.Sent = a.Intended + time.Duration(r.IntN(int(3*milli)))
		a.Done = a.Sent + time.Duration(r.IntN(int(50*milli)))
		a.Queued = (a.Sent - a.Intended) / time.Duration(1+r.IntN(3))
		rec.Attempts = append(rec.Attempts, a)
	}
	return rec
}

// added returns the record as it would be with totals in place of its attempts.
func added(t *testing.T, rec *Record) (*Record, *totalling) {
	t.Helper()
	all := newTotalling(&rec.Cell.Scenario)
	for i := range rec.Attempts {
		all.add(&rec.Attempts[i])
	}
	totals, err := all.sum()
	if err != nil {
		t.Fatal(err)
	}
	bare := *rec
	bare.Attempts, bare.Totals = nil, totals
	return &bare, all
}

// TestTotalsSayWhatTheAttemptsSay compares them with the attempts, also after a record was
// written and read.
func TestTotalsSayWhatTheAttemptsSay(t *testing.T) {
	rec := mixture(1000)
	bare, all := added(t, rec)
	var file bytes.Buffer
	if err := writeRecord(&file, bare); err != nil {
		t.Fatal(err)
	}
	read, err := readRecord(&file, int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]*Record{"in memory": bare, "from a file": read} {
		if diff := cmp.Diff(Summarise(rec), Summarise(got), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(Summary{}, "Series")); diff != "" {
			t.Errorf("%s (-attempts +totals):\n%s", name, diff)
		}
		want, left := ErrorsOf(rec)
		list, gone := ErrorsOf(got)
		if diff := cmp.Diff(want, list); diff != "" || gone != left || left == 0 {
			t.Errorf("%s: %d left, %d by totals (-attempts +totals):\n%s", name, left, gone, diff)
		}
		if got.Made() != rec.Made() {
			t.Errorf("%s: %d made, want %d", name, got.Made(), rec.Made())
		}
	}
	if diff := cmp.Diff(ClientLedger(rec.Attempts), all.ledger); diff != "" {
		t.Error(diff)
	}
}

// TestShedsAreTheClientsOwnByTotalsToo: where the client was the limit, what was shed while
// it waited for a connection accuses nobody else.
func TestShedsAreTheClientsOwnByTotalsToo(t *testing.T) {
	rec := mixture(1000)
	for i := range rec.Attempts {
		rec.Attempts[i].Sent += time.Second // late, and not queued for that
	}
	bare, _ := added(t, rec)
	want, _ := ErrorsOf(rec)
	got, _ := ErrorsOf(bare)
	if diff := cmp.Diff(want, got); diff != "" || !limitedByClient(rec) {
		t.Errorf("limited by %s (-attempts +totals):\n%s", Bottleneck(rec, Summarise(rec)), diff)
	}
}

// TestMomentsOfTotalsAreFew plays a day: each moment has what ended in it, and its quantiles
// are at most a sixteenth too high.
func TestMomentsOfTotalsAreFew(t *testing.T) {
	rec := &Record{}
	rec.Cell.Scenario.Topology = Topology{TierTracker: Tier{Limits: &Limits{Customers: 1, Total: 1}}}
	rec.Cell.Scenario.Workload.SoftStart = 5 * time.Hour
	causes := []Cause{"", "", "", CauseReset, CauseDenied}
	for k := range uint64(50_000) {
		// Later ones take longer, so that a moment which lost half of what it had shows.
		a := at(time.Duration(k)*24*time.Hour/50_000, time.Duration(k/10+k%100)*milli)
		a.Cause = causes[k%5]
		rec.Attempts = append(rec.Attempts, a)
	}
	bare, all := added(t, rec)
	list := bare.Totals.Series
	if len(list) <= maxMoments/2 || len(list) > maxMoments {
		t.Fatalf("%d moments", len(list))
	}
	end := time.Duration(0)
	for i, m := range list {
		if m.At != time.Duration(i)*all.moments.grain || m.At != end {
			t.Fatalf("moment %d begins at %v, the last one ended at %v", i, m.At, end)
		}
		end = m.At + m.Length
		want := Moment{At: m.At, Length: m.Length}
		var latencies []time.Duration
		for j := range rec.Attempts {
			a := &rec.Attempts[j]
			if a.Done/all.moments.grain != time.Duration(i) {
				continue
			}
			want.count(a, rec.Cell.Scenario.Topology.Limits())
			if rec.Cell.Scenario.Workload.Timed(a) {
				latencies = append(latencies, a.Latency())
			}
		}
		slices.Sort(latencies)
		for q, got := range map[float64]time.Duration{0.5: m.P50, 0.99: m.P99} {
			if exact := stats.Quantile(latencies, q); got < exact || got > exact*17/16 {
				t.Errorf("moment %d: quantile %v is %v, want %v", i, q, got, exact)
			}
		}
		want.P50, want.P99 = m.P50, m.P99
		if want != m {
			t.Errorf("moment %d is %+v, want %+v", i, m, want)
		}
	}
	if last := bare.Totals.Window.Done; end < last || end > last+1 {
		t.Errorf("the moments end at %v, the attempts at %v", end, last)
	}
}

// TestARecordHasTotalsOrAttempts: one with both would say two things.
func TestARecordHasTotalsOrAttempts(t *testing.T) {
	bare, _ := added(t, mixture(10))
	bare.Attempts = mixture(10).Attempts
	var file bytes.Buffer
	if err := writeRecord(&file, bare); err != nil {
		t.Fatal(err)
	}
	if _, err := readRecord(&file, int64(file.Len())); err == nil || !strings.Contains(err.Error(), "totals and 10 attempts") {
		t.Errorf("read: %v", err)
	}
}
