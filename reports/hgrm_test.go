package reports

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

func TestDistributionAsHdrHistogramPrintsIt(t *testing.T) {
	var b strings.Builder
	err := HGRM(&b, harness.Quantiles{N: 200, Mean: 1500 * time.Microsecond, Max: 9 * time.Millisecond, Spectrum: []harness.SpectrumPoint{
		{Quantile: 0.5, Value: time.Millisecond}, {Quantile: 0.99, Value: 7 * time.Millisecond}, {Quantile: 1, Value: 9 * time.Millisecond},
	}})
	want := `       Value     Percentile TotalCount 1/(1-Percentile)

       1.000 0.500000000000        100           2.00
       7.000 0.990000000000        198         100.00
       9.000 1.000000000000        200
#[Mean = 1.500, Max = 9.000, Total count = 200]
`
	if diff := cmp.Diff(want, b.String()); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
