package harness

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const statBefore = `cpu  100 20 30 4000 50 6 7 8 90 9
cpu0 50 10 15 2000 25 3 3 4 45 4
cpu1 50 10 15 2000 25 3 4 4 45 5
intr 1 2 3 4 5 6 7 8 9
`

const statAfter = `cpu  200 21 40 5000 60 7 9 11 190 9
cpu0 100 10 20 2500 30 3 4 5 95 4
cpu1 100 11 20 2500 30 4 5 6 95 5
`

func sampleOf(t *testing.T, at time.Time, stat, pressure string) HostSample {
	t.Helper()
	s := HostSample{at: at}
	if err := s.parseStat(strings.NewReader(stat)); err != nil {
		t.Fatal(err)
	}
	if err := s.parsePressure(strings.NewReader(pressure)); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestHostUsageIsTheDifferenceOfTwoSamples(t *testing.T) {
	began := time.Unix(1000, 0)
	before := sampleOf(t, began, statBefore, "some avg10=1.00 avg60=2.00 avg300=3.00 total=500\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n")
	after := sampleOf(t, began.Add(2*time.Second), statAfter, "some avg10=1.00 avg60=2.00 avg300=3.00 total=2500\n")
	want := HostUsage{
		Wall: 2 * time.Second, Cores: 2,
		Busy:     1140 * time.Millisecond, // 100+1+10+1+2 ticks; idle and iowait are not busy, guests are in user
		Stolen:   30 * time.Millisecond,
		Pressure: 2 * time.Millisecond,
	}
	if diff := cmp.Diff(want, before.Until(after)); diff != "" {
		t.Error(diff)
	}
}

func TestHostUsageSaysWhatCouldNotBeRead(t *testing.T) {
	var s HostSample
	s.read("/nonexistent/stat", s.parseStat)
	if got := s.Until(HostSample{}).Unknown; !strings.Contains(got, "/nonexistent/stat") {
		t.Errorf("got %q, want the path that is missing", got)
	}
	for _, bad := range []string{"", "cpu 1 2 3", "cpu a b c d e f g h", "intr 1 2 3 4 5 6 7 8 9"} {
		if s.parseStat(strings.NewReader(bad)) == nil {
			t.Errorf("stat %q was taken", bad)
		}
	}
	for _, bad := range []string{"", "full avg10=0.00 total=3", "some total=x", "some avg10=1.00"} {
		if s.parsePressure(strings.NewReader(bad)) == nil {
			t.Errorf("pressure %q was taken", bad)
		}
	}
}

func TestReadHostSeesThisMachineWork(t *testing.T) {
	if _, err := os.Stat("/proc/stat"); err != nil {
		t.Skip("no /proc/stat here")
	}
	before := ReadHost()
	var usage HostUsage
	deadline := time.Now().Add(time.Minute)
	for usage.Busy == 0 && time.Now().Before(deadline) { // this loop is the work
		usage = before.Until(ReadHost())
	}
	if usage.Busy <= 0 || usage.Cores < 1 || usage.Wall <= 0 {
		t.Errorf("got %+v after working", usage)
	}
}
