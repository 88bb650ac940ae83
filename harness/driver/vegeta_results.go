package driver

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/haproof/haproof/harness"
	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// ResultFormats are the formats of vegeta's results.
func ResultFormats() []string { return []string{"gob", "json", "csv"} }

// WriteResults writes attempts so that vegeta can read them. Their time is when the
// schedule wanted them sent, and their latency counts from there: what a client
// would feel, where vegeta's own results count from the actual time. An attempt
// that did not go as expected has its cause as the error.
func WriteResults(w io.Writer, format string, began time.Time, targets []harness.Request, attempts []harness.Attempt) error {
	var encode vegeta.Encoder
	switch format {
	case "gob":
		encode = vegeta.NewEncoder(w)
	case "json":
		encode = vegeta.NewJSONEncoder(w)
	case "csv":
		encode = vegeta.NewCSVEncoder(w)
	default:
		return fmt.Errorf("unknown format %q of results: there are %s", format, strings.Join(ResultFormats(), ", "))
	}
	for i := range attempts {
		a := &attempts[i]
		t := &targets[a.Seq%uint64(len(targets))]
		scheme := map[bool]string{false: "http", true: "https"}[t.TLS]
		if err := encode.Encode(&vegeta.Result{
			Attack: "haproof", Seq: a.Seq, Code: uint16(a.Status), Timestamp: began.Add(a.Intended), Latency: a.Latency(),
			BytesIn: a.Bytes, BytesOut: uint64(len(t.Body)), Error: string(a.Cause), Method: t.Method, URL: scheme + "://" + t.Host + t.Path,
		}); err != nil {
			return err
		}
	}
	return nil
}
