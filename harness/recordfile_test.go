package harness

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func smallRecord() *Record {
	return &Record{
		Schema: RecordSchema, Run: "run-1", Trial: 2, Driver: "vegeta",
		Cell:        Cell{Name: "only", Scenario: Scenario{Name: "quota-exact", Workload: Workload{Rate: 2000, Timeout: 10 * time.Second}}},
		Environment: Environment{Engine: "process", Cores: 2},
		Nodes:       []Node{{Name: "proxy1", Tier: TierProxy}},
		Driven:      Driven{Began: time.Date(2026, 11, 21, 1, 2, 3, 4, time.UTC), Length: time.Second, Offered: 3},
		Settlement:  Settlement{Settled: true, Took: 40 * ms},
		Usage:       []Usage{{Node: "proxy1", CPU: 3 * ms}},
		Receipts:    &Receipts{Spans: []Span{{0, 2}}, Repeats: map[uint64]uint64{1: 2}, Strange: 1},
		Ledgers:     map[string]Ledger{WitnessClient: {"c0001": {Sure: 2, Unsure: 1}}, WitnessOrigin: {}},
		Absent:      map[string]string{WitnessTracker: "connection refused"},
		Attempts:    []Attempt{typicalAttempt, {Seq: 1, Key: "c0001", Cause: CauseTimeout, Done: 7}, {Seq: 2, Outcome: Failed}},
	}
}

func TestRecordComesBackWhole(t *testing.T) {
	dir, want := filepath.Join(t.TempDir(), "cell=1,route=proxy", "1"), smallRecord()
	if err := WriteRecord(dir, want); err != nil {
		t.Fatal(err)
	}
	got, err := ReadRecord(dir)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v %s", err, diff)
	}
}

func TestRecordIsReadableLineByLine(t *testing.T) {
	lines := strings.SplitAfter(written(t, smallRecord()), "\n")
	if len(lines) != 6 || !strings.HasPrefix(lines[0], `{"schema":1,"run":"run-1",`) || !strings.HasSuffix(lines[0], `,"attempts":3}`+"\n") {
		t.Errorf("%d lines, head %s", len(lines), lines[0])
	}
	if diff := cmp.Diff([]string{`{"n":2,"failed":1}` + "\n", `{"end":3}` + "\n", ""}, lines[3:]); diff != "" {
		t.Error(diff)
	}
}

func TestEmptyRecordIsARecord(t *testing.T) {
	dir := t.TempDir()
	if err := WriteRecord(dir, &Record{}); err != nil {
		t.Fatal(err)
	}
	rec, err := ReadRecord(dir)
	if err != nil || rec.Schema != RecordSchema || len(rec.Attempts) != 0 {
		t.Errorf("%+v, %v", rec, err)
	}
}

func TestEveryPrefixOfARecordIsTruncated(t *testing.T) {
	text := written(t, smallRecord())
	for n := range len(text) {
		rec, err := readRecord(strings.NewReader(text[:n]), int64(n))
		if !errors.Is(err, ErrTruncated) {
			t.Fatalf("first %d of %d bytes: error %v", n, len(text), err)
		}
		if whole := strings.Count(text[:n], "\n") - 1; whole > 0 && len(rec.Attempts) != min(whole, 3) {
			t.Fatalf("first %d bytes gave %d attempts of %d whole lines", n, len(rec.Attempts), whole)
		}
	}
}

func TestDamagedRecordNamesTheLine(t *testing.T) {
	text := written(t, smallRecord())
	for _, test := range []struct{ old, with, want string }{
		{`{"n":2,`, `{"n":x,`, "line 4: "},
		{`{"n":2,"failed":1}` + "\n", ``, "line 4: 2 attempts read, line 1 says 3, the end says 3"},
		{`{"n":2,"failed":1}`, `{"n":2}` + "\n" + `{"n":3}`, "line 5: more than the 3 attempts"},
		{`{"end":3}`, `{"end":2}`, "line 5: 3 attempts read, line 1 says 3, the end says 2"},
		{`{"end":3}`, `{"end":"3"}`, "line 5: "},
		{`{"end":3}`, `{"end":null}`, "line 5: "},
		{`{"end":3}` + "\n", `{"end":3}` + "\n\n", "line 6: something follows"},
		{`"schema":1`, `"schema":2`, "line 1: schema 2, this program reads schema 1"},
		{`"attempts":3`, `"attempts":21000001`, "line 1: 21000001 attempts, the limit is 21000000"},
		{`"attempts":3`, `"attempts":-1`, "line 1: -1 attempts"},
		{`"trial":2`, `"trial":"2"`, "line 1: "},
		{`{"n":1,`, `{"n":1,"k":"` + strings.Repeat("x", 300<<10) + `",`, "line 3: "}, // longer than any line
	} {
		broken := strings.Replace(text, test.old, test.with, 1)
		_, err := readRecord(strings.NewReader(broken), int64(len(broken)))
		if broken == text || err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%.40s -> %.40s: error %.200v, want %s", test.old, test.with, err, test.want)
		}
	}
}

func TestAClaimOfManyAttemptsTakesNoMemory(t *testing.T) {
	text := strings.Replace(written(t, smallRecord()), `"attempts":3`, `"attempts":20000000`, 1)
	rec, err := readRecord(strings.NewReader(text), int64(len(text)))
	if err == nil || cap(rec.Attempts) > len(text) {
		t.Errorf("error %v, room for %d attempts", err, cap(rec.Attempts))
	}
}

func TestMissingRecordNamesItsPath(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadRecord(dir); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), filepath.Join(dir, RecordFile)) {
		t.Errorf("error %v", err)
	}
}

func TestDirectoryThatCannotBeMadeIsNamed(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteRecord(filepath.Join(blocked, "1"), smallRecord()); err == nil || !strings.Contains(err.Error(), blocked) {
		t.Errorf("error %v", err)
	}
}

func TestFailedWriteLeavesTheOldRecordAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	if err := WriteRecord(dir, smallRecord()); err != nil {
		t.Fatal(err)
	}
	bad := smallRecord()
	bad.Attempts[2].Key = "\xff"
	if err := WriteRecord(dir, bad); err == nil || !strings.Contains(err.Error(), "attempt 2: ") {
		t.Errorf("error %v", err)
	}
	onlyTheRecordIn(t, dir)
	if _, err := ReadRecord(dir); err != nil {
		t.Error(err)
	}
}

func written(t *testing.T, rec *Record) string {
	t.Helper()
	dir := t.TempDir()
	if err := WriteRecord(dir, rec); err != nil {
		t.Fatal(err)
	}
	onlyTheRecordIn(t, dir)
	text, err := os.ReadFile(filepath.Join(dir, RecordFile))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func onlyTheRecordIn(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != RecordFile {
		t.Errorf("directory holds %v, error %v", entries, err)
	}
}

// attemptsForTest returns n attempts of a mixed profile at 2,000 per second.
func attemptsForTest(n int) []Attempt {
	attempts := make([]Attempt, n)
	keys := make([]string, 50)
	for i := range keys {
		keys[i] = fmt.Sprintf("c%04d", i)
	}
	for i := range attempts {
		at := time.Duration(i) * 500 * time.Microsecond
		sent := at + time.Duration(50_000+i%9973)
		attempts[i] = Attempt{
			Seq: uint64(i), Key: keys[i%len(keys)], Intended: at, Sent: sent, Done: sent + time.Duration(1_000_000+i%500_009),
			Status: 200, Bytes: 512, TLS: i%20 != 0, Dynamic: i%2 == 0, Outcome: OK,
		}
	}
	return attempts
}

// benchSizes show whether the cost per attempt stays the same, up to the ten
// million that must fit into 1.5 GB.
var benchSizes = []int{1_000_000, 10_000_000}

func BenchmarkWriteRecord(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			rec := smallRecord()
			rec.Attempts = attemptsForTest(n)
			dir := b.TempDir()
			for b.Loop() {
				if err := WriteRecord(dir, rec); err != nil {
					b.Fatal(err)
				}
			}
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			b.ReportMetric(float64(memory.Sys)/1e6, "MB-from-system")
			reportRecord(b, dir, n)
		})
	}
}

func BenchmarkReadRecord(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dir := b.TempDir()
			rec := smallRecord()
			rec.Attempts = attemptsForTest(n)
			if err := WriteRecord(dir, rec); err != nil {
				b.Fatal(err)
			}
			rec = nil
			runtime.GC()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ReadRecord(dir); err != nil {
					b.Fatal(err)
				}
			}
			reportRecord(b, dir, n)
		})
	}
}

func reportRecord(b *testing.B, dir string, attempts int) {
	b.Helper()
	info, err := os.Stat(filepath.Join(dir, RecordFile))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	b.ReportMetric(float64(info.Size())/float64(attempts), "bytes/attempt")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(attempts), "ns/attempt")
}
