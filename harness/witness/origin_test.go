package witness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/haproof/haproof/harness"
)

const originLog = `seq=0 host=c0001.customers.test dynamic=yes status=200 method=GET bytes=512 uri=/shop/item/17?status=200&size=512&work=300
seq=1 host=c0001.customers.test:8443 dynamic=yes status=404 method=HEAD bytes=0 uri=/shop a b
seq=2 host=c0001.customers.test dynamic=- status=200 method=GET bytes=43 uri=/pixel.gif
seq=4 host=c0002.customers.test dynamic=yes status=200 method=POST bytes=1 uri=/
seq=5 host=a0001.ads.test dynamic=yes status=200 method=GET bytes=1 uri=/nobody
seq=- host=c0002.customers.test dynamic=yes status=200 method=GET bytes=1 uri=/from-somebody-else
seq=1099511627776 host=c0002.customers.test dynamic=yes status=200 method=GET bytes=1 uri=/probe
seq=- host= dynamic=- status=400 method= bytes=0 uri=
`

func TestOriginCountsDynamicAnswersByCustomerOverAllNodes(t *testing.T) {
	second := "seq=3 host=c0001.customers.test dynamic=yes status=500 method=GET bytes=1 uri=/\n"
	got, err := NewOrigin(map[string]Opener{"backend1": text(originLog), "backend2": text(second)}).Testify(t.Context())
	want := harness.Ledger{"c0001": {Sure: 3}, "c0002": {Sure: 2}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v %s", err, diff)
	}
}

func TestReceiptsAreWhatArrivedInAnyOrder(t *testing.T) {
	second := "seq=3 host=x dynamic=- status=200 method=GET bytes=1 uri=/\n" + // fills the gap
		strings.Repeat("seq=1 host=x dynamic=- status=200 method=GET bytes=1 uri=/\n", 2) + // replays
		"seq=99 host=x dynamic=- status=200 method=GET bytes=1 uri=/\n" +
		"garbage\n"
	got, err := NewOrigin(map[string]Opener{"backend2": text(second), "backend1": text(originLog)}).Receipts(t.Context())
	want := harness.Receipts{
		Spans:   []harness.Span{{First: 0, Last: 5}, {First: 99, Last: 99}},
		Repeats: map[uint64]uint64{1: 3},
		Strange: 3, // two without an id and the garbage
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v %s", err, diff)
	}
}

func TestUnterminatedLastLineIsNoLineYet(t *testing.T) {
	o := NewOrigin(map[string]Opener{"backend1": text(strings.TrimSuffix(originLog, "\n") +
		"\nseq=6 host=c0009.customers.test dynamic=yes status=200 method=GET bytes=1 uri=/")})
	ledger, err := o.Testify(t.Context())
	if _, ok := ledger["c0009"]; ok || err != nil {
		t.Errorf("%v, %v", ledger, err)
	}
	if r, err := o.Receipts(t.Context()); err != nil || r.Strange != 2 || r.Spans[len(r.Spans)-1].Last != 5 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestALineThatCannotBeReadSpoilsTheLedger(t *testing.T) {
	for _, line := range []string{
		"", "garbage", "seq=1 host=c0001.customers.test dynamic=yes", "seq=1 host=c0001.customers.test dynamic=maybe status=200 method=GET bytes=1 uri=/",
		"host=c0001.customers.test seq=1 dynamic=yes status=200 method=GET bytes=1 uri=/",
		"seq=1 host=" + strings.Repeat("x", MaxLine) + " dynamic=yes status=200 method=GET bytes=1 uri=/",
	} {
		ledger, err := NewOrigin(map[string]Opener{"backend1": text(originLog + line + "\n")}).Testify(t.Context())
		if err == nil || ledger != nil || !strings.Contains(err.Error(), "1 lines cannot be read, the first is backend1: ") {
			t.Errorf("%.60q: ledger %v, error %v", line, ledger, err)
		}
	}
}

func TestLinesAfterALongOneAreRead(t *testing.T) {
	long := "seq=7 host=c0003.customers.test dynamic=yes status=414 method=GET bytes=1 uri=/" + strings.Repeat("x", 3*MaxLine) + "\n"
	got, err := NewOrigin(map[string]Opener{"backend1": text(long + originLog)}).Testify(t.Context())
	want := harness.Ledger{"c0001": {Sure: 2}, "c0002": {Sure: 2}, "c0003": {Sure: 1}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v %s", err, diff)
	}
}

func TestWitnessThatCannotReadHasNoLedger(t *testing.T) {
	broken := errors.New("disk gone")
	cannotOpen := func(context.Context) (io.ReadCloser, error) { return nil, broken }
	cannotRead := func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader(originLog), failing{broken})), nil
	}
	for name, open := range map[string]Opener{"open": cannotOpen, "read": cannotRead} {
		logs := map[string]Opener{"backend1": text(originLog), "backend2": open}
		for _, w := range []harness.Witness{NewOrigin(logs), NewProxyLog(logs)} {
			ledger, err := w.Testify(t.Context())
			if ledger != nil || !errors.Is(err, broken) || !strings.Contains(err.Error(), "backend2") {
				t.Errorf("%s, %s: ledger %v, error %v", name, w.Name(), ledger, err)
			}
		}
		if _, err := NewOrigin(logs).Receipts(t.Context()); !errors.Is(err, broken) {
			t.Errorf("%s: receipts with error %v", name, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestWitnessWithoutLogsHasNoLedger(t *testing.T) {
	for _, w := range []harness.Witness{NewOrigin(nil), NewProxyLog(nil), NewStickTable(nil, "tracker/quota", false)} {
		if ledger, err := w.Testify(t.Context()); ledger != nil || err == nil {
			t.Errorf("%s: %v, %v", w.Name(), ledger, err)
		}
	}
}

func TestReadingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewOrigin(map[string]Opener{"b": text(originLog)}).Testify(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestOnlyCustomersHostsHaveACustomer(t *testing.T) {
	for host, want := range map[string]string{
		"c0001.customers.test": "c0001", "c12345.customers.test:8080": "c12345", "acme-c0001.customers.test": "acme-c0001",
		"a0001.ads.test": "", "c0001.ads.test": "", "www.customers.test": "", "c.customers.test": "", "cx1.customers.test": "",
		"": "", ":80": "", "c0001.customers.test.evil": "", "x.c0001.customers.test": "",
	} {
		if got := string(customerOf([]byte(host))); got != want {
			t.Errorf("%q belongs to %q, want %q", host, got, want)
		}
	}
}

func BenchmarkOrigin(b *testing.B) {
	const lines = 200_000
	var log strings.Builder
	for i := range lines {
		fmt.Fprintf(&log, "seq=%d host=c%04d.customers.test dynamic=yes status=200 method=GET bytes=512 uri=/shop/item/%d?status=200&size=512&work=300\n", i, i%50, i)
	}
	o := NewOrigin(map[string]Opener{"backend1": text(log.String())})
	b.SetBytes(int64(log.Len()))
	for b.Loop() {
		if _, err := o.Testify(b.Context()); err != nil {
			b.Fatal(err)
		}
		if _, err := o.Receipts(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(2*lines*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
