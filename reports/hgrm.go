package reports

import (
	"bufio"
	"fmt"
	"io"

	"github.com/haproof/haproof/harness"
)

// HGRM writes a distribution as HdrHistogram's tools print and plot it: one line
// per percentile, values in milliseconds.
func HGRM(w io.Writer, q harness.Quantiles) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)")
	for _, p := range q.Spectrum {
		below := uint64(p.Quantile*float64(q.N) + 0.5)
		fmt.Fprintf(out, "%12.3f %2.12f %10d", float64(p.Value)/1e6, p.Quantile, below)
		if p.Quantile < 1 {
			fmt.Fprintf(out, " %14.2f", 1/(1-p.Quantile))
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, "#[Mean = %.3f, Max = %.3f, Total count = %d]\n", float64(q.Mean)/1e6, float64(q.Max)/1e6, q.N)
	return out.Flush()
}
