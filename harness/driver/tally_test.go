package driver

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/stats"
)

// ended is an attempt with what a tally is told beside it.
type endedAttempt struct {
	harness.Attempt
	host string
	phases
}

// script makes up n attempts of all kinds to so many hosts.
func script(n, hosts int) []endedAttempt {
	source := rand.New(rand.NewPCG(3, uint64(hosts)))
	causes := []harness.Cause{"", "", "", "", harness.CauseShed, harness.CauseConnect, harness.CauseTimeout, harness.CauseDenied, harness.CauseStatus, harness.CauseAborted}
	all := make([]endedAttempt, n)
	for k := range all {
		a := &all[k]
		a.host = fmt.Sprintf("h%d.test", source.IntN(hosts))
		a.Seq, a.Route, a.Intended = uint64(k), uint16(source.IntN(70)), time.Duration(k)*time.Millisecond
		a.Queued = time.Duration(source.IntN(2)) * time.Microsecond
		a.Sent = a.Intended + a.Queued + time.Duration(source.IntN(50000))
		a.Done = a.Sent + time.Duration(source.ExpFloat64()*1e6)
		a.Cause = causes[source.IntN(len(causes))]
		switch a.Cause {
		case harness.CauseShed, harness.CauseConnect:
			a.Outcome = harness.Failed
		case harness.CauseTimeout:
			a.Outcome = harness.Indeterminate
		default:
			a.Outcome, a.Status, a.Bytes = harness.OK, 200+source.IntN(900), uint64(source.IntN(1000))
			a.firstByte = a.Service() / 2
		}
		if source.IntN(100) == 0 {
			a.connect, a.handshake = time.Millisecond, 2*time.Millisecond
		}
	}
	return all
}

// tallied adds up a script in so many tallies, and merges them. Those that end late
// make each tally see its attempts in an order of its own.
func tallied(t testing.TB, script []endedAttempt, soft time.Duration, tallies int) *harness.Statistics {
	t.Helper()
	whole := newTallier(soft)
	for i := range tallies {
		one := newTallier(soft)
		var mine []endedAttempt
		for k := i; k < len(script); k += tallies {
			mine = append(mine, script[k])
		}
		slices.SortFunc(mine, func(a, b endedAttempt) int { return int((a.Seq*7919)%1009) - int((b.Seq*7919)%1009) })
		for k := range mine {
			one.add(&mine[k].Attempt, mine[k].host, &mine[k].phases)
		}
		whole.merge(one)
	}
	s, err := whole.statistics([]string{"front", "shop"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMergedTalliesEqualOneOfEverything(t *testing.T) {
	for _, hosts := range []int{300, 3000} {
		all := script(10000, hosts)
		want := tallied(t, all, time.Second, 1)
		for _, tallies := range []int{2, 4} {
			if diff := cmp.Diff(want, tallied(t, all, time.Second, tallies)); diff != "" {
				t.Errorf("%d hosts, %d tallies: %s", hosts, tallies, diff)
			}
		}
	}
}

func TestTallyHasEveryAttemptInOneClassAndOneRow(t *testing.T) {
	all := script(20000, 3000)
	s := tallied(t, all, 5*time.Second, 3)
	c := s.Classes
	if c.Scheduled != 20000 || c.Scheduled != c.Shed+c.Sent || c.Sent != c.Completed+c.Refused+c.Unknown {
		t.Errorf("the ledger does not balance: %+v", c)
	}
	want := harness.Statistics{Causes: map[harness.Cause]uint64{}, Statuses: map[int]uint64{}}
	for k := range all {
		a := &all[k]
		if a.Cause != "" {
			want.Causes[a.Cause]++
		}
		if a.Status > 0 {
			want.Statuses[min(a.Status, mostStatus)]++
		}
		want.Bytes += a.Bytes
		if a.Intended < 5*time.Second {
			want.Soft++
		}
	}
	got := harness.Statistics{Causes: s.Causes, Statuses: s.Statuses, Bytes: s.Bytes, Soft: s.Soft}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if c.Shed != s.Causes[harness.CauseShed] || c.Refused != s.Causes[harness.CauseConnect] || c.Unknown != s.Causes[harness.CauseTimeout] {
		t.Errorf("classes %+v, causes %v", c, s.Causes)
	}
	for _, rows := range [][]harness.StatisticsRow{append(s.Routes, *s.OtherRoutes), append(s.Hosts, *s.OtherHosts)} {
		var sum harness.StatisticsRow
		for _, r := range rows {
			sum.Attempts, sum.Errors, sum.Denied, sum.Bytes = sum.Attempts+r.Attempts, sum.Errors+r.Errors, sum.Denied+r.Denied, sum.Bytes+r.Bytes
		}
		wrong := c.Scheduled - want.Causes[harness.CauseDenied] - want.Causes[harness.CauseAborted] - (20000 - sumOf(want.Causes))
		if diff := cmp.Diff(harness.StatisticsRow{Attempts: 20000, Errors: wrong, Denied: want.Causes[harness.CauseDenied], Bytes: want.Bytes}, sum); diff != "" {
			t.Error(diff)
		}
	}
	if len(s.Routes) != harness.MaxRouteRows || len(s.Hosts) != harness.MaxHostRows {
		t.Errorf("%d routes, %d hosts with rows", len(s.Routes), len(s.Hosts))
	}
}

func sumOf(causes map[harness.Cause]uint64) (n uint64) {
	for _, in := range causes {
		n += in
	}
	return n
}

func TestTallyTimesAreThoseOfAllAttemptsAfterTheSoftStart(t *testing.T) {
	all := script(10000, 10)
	s := tallied(t, all, time.Second, 2)
	response, service, lag, queued, first, connect := stats.NewHistogram(), stats.NewHistogram(), stats.NewHistogram(), stats.NewHistogram(), stats.NewHistogram(), stats.NewHistogram()
	var sent uint64
	for k := range all {
		a := &all[k]
		if a.Intended < time.Second {
			continue
		}
		response.Record(a.Done - a.Intended)
		if a.Cause == harness.CauseShed {
			continue
		}
		sent++
		service.Record(a.Done - a.Sent)
		lag.Record(a.Sent - a.Intended - a.Queued)
		queued.Record(a.Queued)
		if a.Status > 0 {
			first.Record(a.firstByte)
		}
		if a.connect > 0 {
			connect.Record(a.connect)
		}
	}
	got := []harness.Distribution{s.Response, s.Service, s.Lag, s.Queued, s.FirstByte, s.Connect}
	for i, h := range []*stats.Histogram{response, service, lag, queued, first, connect} {
		want, err := harness.DistributionOf(h)
		if diff := cmp.Diff(want, got[i]); diff != "" || err != nil {
			t.Errorf("%d: %v %s", i, err, diff)
		}
	}
	if s.Service.N != sent || s.Handshake.N != s.Connect.N || s.Handshake.P50 != 2*time.Millisecond {
		t.Errorf("service of %d, want %d; handshakes %+v", s.Service.N, sent, s.Handshake.Quantiles)
	}
}

func TestRowsOfAThousandHostsOfAHundredThousandAreWhole(t *testing.T) {
	const hosts, each = 100_000, 3
	count := newTallier(0)
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for k := range hosts * each {
		count.hosts.of(fmt.Sprintf("h%d.test", k%hosts)).add(&harness.Attempt{Done: time.Millisecond}, true)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	rows, others := count.hosts.rows()
	if len(rows) != harness.MaxHostRows || others.Attempts != (hosts-harness.MaxHostRows)*each {
		t.Fatalf("%d rows, others %+v", len(rows), others)
	}
	for _, r := range rows {
		if r.Attempts != each {
			t.Fatalf("%s has %d attempts, want %d", r.Name, r.Attempts, each)
		}
	}
	if size := unsafe.Sizeof(tallyRow{}); size > 2100 {
		t.Errorf("a row takes %d bytes", size)
	}
	// All rows were there before; what may come are names and the map's own changes.
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 256<<10 {
		t.Errorf("100,000 hosts took %d bytes", grown)
	}
	runtime.KeepAlive(count)
}

func TestTallyDoesNotGrowAndDoesNotAllocate(t *testing.T) {
	all := script(10000, 2000)
	count := newTallier(0)
	round := func() {
		for k := range all {
			count.add(&all[k].Attempt, all[k].host, &all[k].phases)
		}
	}
	round() // hosts are let in
	if n := testing.AllocsPerRun(100, round); n != 0 {
		t.Errorf("a million attempts allocated %v times per 10,000", n)
	}
	if count.classes.Scheduled < 1_000_000 {
		t.Errorf("only %d attempts were counted", count.classes.Scheduled)
	}
}

func TestRoutesWithoutNamesAreListedOnlyWhereThereAreSeveral(t *testing.T) {
	count := newTallier(0)
	count.add(&harness.Attempt{Outcome: harness.OK}, "h", &phases{})
	if s, err := count.statistics(nil); err != nil || s.Routes != nil {
		t.Errorf("%v %+v", err, s.Routes)
	}
	count.add(&harness.Attempt{Outcome: harness.OK, Route: 3}, "h", &phases{})
	s, err := count.statistics([]string{"front"})
	want := []harness.StatisticsRow{{Name: "front", Attempts: 1}, {Name: "route 3", Attempts: 1}}
	if diff := cmp.Diff(want, s.Routes); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

// BenchmarkTally also tells the CPU time, which other work on the machine makes less of
// a difference to.
func BenchmarkTally(b *testing.B) {
	for _, hosts := range []int{1, 1000, 100_000} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) {
			all := script(1<<16, hosts)
			count := newTallier(0)
			for k := range all {
				a := &all[k]
				if a.Route %= 4; k%100 != 0 { // most go well
					a.Cause, a.Outcome, a.Status = "", harness.OK, 200
				}
				count.add(&a.Attempt, a.host, &a.phases)
			}
			b.ReportAllocs()
			cpu, k := cpuTime(), 0
			for b.Loop() {
				a := &all[k&(1<<16-1)]
				count.add(&a.Attempt, a.host, &a.phases)
				k++
			}
			b.ReportMetric(float64(cpuTime()-cpu)/float64(b.N), "cpu-ns/op")
		})
	}
}
