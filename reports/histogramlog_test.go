package reports

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/stats"
)

func TestHistogramLogIsReadByTheToolsOfHdrHistogram(t *testing.T) {
	fill := func(n int) harness.Distribution {
		h := stats.NewHistogram()
		for i := range n {
			h.Record(time.Duration(i+1) * time.Millisecond)
		}
		d, err := harness.DistributionOf(h)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	s := &harness.Statistics{Response: fill(300), Service: fill(200), Connect: fill(1)}
	began := time.UnixMilli(1_700_000_000_250)
	var out bytes.Buffer
	if err := HistogramLog(&out, began, 1500*time.Millisecond, s); err != nil {
		t.Fatal(err)
	}
	type line struct {
		Tag              string
		Count, From, To  int64
		WithinAThousands bool
	}
	var got []line
	reader := hdrhistogram.NewHistogramLogReader(&out)
	head, _, _ := strings.Cut(out.String(), "\n")
	for {
		h, err := reader.NextIntervalHistogram()
		if err != nil {
			t.Fatal(err)
		}
		if h == nil {
			break
		}
		most := h.TotalCount() * int64(time.Millisecond)
		got = append(got, line{h.Tag(), h.TotalCount(), h.StartTimeMs(), h.EndTimeMs(), h.Max() >= most && h.Max() <= most+most/1000})
	}
	begin := began.UnixMilli()
	want := []line{{"response", 300, begin, begin + 1500, true}, {"service", 200, begin, begin + 1500, true}, {"connect", 1, begin, begin + 1500, true}}
	if diff := cmp.Diff(want, got); diff != "" || head != "#[Histogram log format version 1.3]" {
		t.Errorf("%q %s", head, diff)
	}
	if err := HistogramLog(&out, began, 0, nil); !errors.Is(err, errNoStatistics) {
		t.Errorf("without statistics: %v", err)
	}
}
