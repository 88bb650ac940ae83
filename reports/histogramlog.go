package reports

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/haproof/haproof/harness"
)

// histogramLogFormat is the version of the format of logs that HdrHistogram's tools
// write and read, see HistogramLogWriter of HdrHistogram.
const histogramLogFormat = "1.3"

var errNoStatistics = errors.New("histogram log: the driver kept no histograms")

// HistogramLog writes the histograms of a drive that began then and took so long, one
// per line with the time that it is of as its tag: response, service, lag, queued,
// ttfb, connect and handshake. Values are nanoseconds; the maximum that stands in
// clear is in milliseconds. What was never measured has no line.
func HistogramLog(w io.Writer, began time.Time, length time.Duration, s *harness.Statistics) error {
	if s == nil {
		return errNoStatistics
	}
	out := bufio.NewWriter(w)
	seconds := float64(began.UnixMilli()) / 1000
	fmt.Fprintf(out, "#[Histogram log format version %s]\n", histogramLogFormat)
	fmt.Fprintf(out, "#[StartTime: %.3f (seconds since epoch), %s]\n", seconds, began.UTC().Format(time.RFC3339))
	fmt.Fprintf(out, "#[BaseTime: %.3f (seconds since epoch)]\n", seconds)
	fmt.Fprintln(out, `"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"`)
	for _, t := range statisticsTimes(s) {
		if t.of.Histogram == "" {
			continue
		}
		fmt.Fprintf(out, "Tag=%s,0.000,%.3f,%.3f,%s\n", t.name, length.Seconds(), float64(t.of.Max)/1e6, t.of.Histogram)
	}
	return out.Flush()
}

// namedTime is one of the times of a driver's statistics.
type namedTime struct {
	name string
	of   *harness.Distribution
}

// statisticsTimes are all of them, in the order of their meaning.
func statisticsTimes(s *harness.Statistics) []namedTime {
	return []namedTime{
		{"response", &s.Response}, {"service", &s.Service}, {"lag", &s.Lag}, {"queued", &s.Queued},
		{"ttfb", &s.FirstByte}, {"connect", &s.Connect}, {"handshake", &s.Handshake},
	}
}
