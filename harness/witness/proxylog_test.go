package witness

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/haproof/haproof/harness"
)

const proxyLog = `[NOTICE]   (1) : New worker (8) forked
attempt seq=0 customer=c0001 php=+PHP status=200 time=3 bytes=700 term=-- backend=customers server=backend1 tls=1
attempt seq=1 customer=c0001 php=-PHP status=200 time=3 bytes=700 term=-- backend=customers server=backend2 tls=0
attempt seq=2 customer=c0002 php=+PHP status=302 time=3 bytes=700 term=-- backend=customers server=backend1 tls=1
attempt seq=- customer=c0002 php=+PHP status=200 time=3 bytes=700 term=-- backend=customers server=backend1 tls=1
attempt seq=3 customer=- php=+PHP status=200 time=3 bytes=43 term=-- backend=ads server=backend1 tls=1
attempt seq=- customer=- php=-PHP status=400 time=-1 bytes=0 term=PR backend=fe server=<NOSRV> tls=0
attempt seq=1099511627777 customer=c0002 php=+PHP status=200 time=3 bytes=700 term=-- backend=customers server=backend1 tls=1
`

func TestProxyLogCountsMarkedAnswersByCustomer(t *testing.T) {
	logs := map[string]Opener{"proxy1": text(proxyLog), "proxy2": text(proxyLog + "attempt seq=9 customer=c0003 php=+PHP status=20")}
	got, err := NewProxyLog(logs).Testify(t.Context())
	want := harness.Ledger{"c0001": {Sure: 2}, "c0002": {Sure: 4}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v %s", err, diff)
	}
}

func TestProxyLogLineThatCannotBeReadSpoilsTheLedger(t *testing.T) {
	for _, line := range []string{"attempt ", "attempt seq=1 customer=c0001 php=+PHP", "attempt customer=c0001 seq=1"} {
		ledger, err := NewProxyLog(map[string]Opener{"proxy1": text(proxyLog + line + "\n")}).Testify(t.Context())
		if err == nil || ledger != nil || !strings.Contains(err.Error(), "proxy1: ") {
			t.Errorf("%q: ledger %v, error %v", line, ledger, err)
		}
	}
}
