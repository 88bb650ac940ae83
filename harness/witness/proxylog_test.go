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

const reloadedLog = `attempt seq=0 customer=c0001 php=+PHP status=200 time=3 bytes=700 term=-- backend=be server=backend1 tls=1 pid=8 stopping=0 drained=0
[NOTICE]   (1) : Reloading HAProxy
attempt seq=1 customer=c0001 php=+PHP status=200 time=3 bytes=700 term=-- backend=be server=backend1 tls=1 pid=8 stopping=1 drained=1
attempt seq=2 customer=c0001 php=-PHP status=200 time=3 bytes=700 term=-- backend=be server=backend1 tls=1 pid=8 stopping=1 drained=0
attempt seq=3 customer=c0002 php=+PHP status=200 time=3 bytes=700 term=-- backend=be server=backend1 tls=1 pid=9 stopping=0 drained=0
attempt seq=4 customer=- php=+PHP status=200 time=3 bytes=700 term=-- backend=ads server=backend1 tls=1 pid=8 stopping=1 drained=0
attempt seq=1099511627777 customer=c0002 php=+PHP status=200 time=3 bytes=700 term=-- backend=be server=backend1 tls=1 pid=8 stopping=1 drained=1
`

func TestProxyLogKnowsWhatStoppingProcessesAnswered(t *testing.T) {
	p := NewProxyLog(map[string]Opener{"proxy1": text(reloadedLog), "proxy2": text(reloadedLog)})
	got, err := p.Stopping(t.Context())
	want := []harness.StoppingAnswer{{Seq: 1, Node: "proxy1", PID: 8, Drained: true}, {Seq: 1, Node: "proxy2", PID: 8, Drained: true}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v %s", err, diff)
	}
	ledger, err := p.Testify(t.Context())
	if diff := cmp.Diff(harness.Ledger{"c0001": {Sure: 4}, "c0002": {Sure: 2}}, ledger); diff != "" || err != nil {
		t.Errorf("error %v %s", err, diff)
	}
}

func TestProxyLogThatDoesNotSayWhoWasStoppingIsAnError(t *testing.T) {
	if got, err := NewProxyLog(map[string]Opener{"proxy1": text(proxyLog)}).Stopping(t.Context()); err == nil || got != nil {
		t.Errorf("got %v, error %v", got, err)
	}
}

func TestProxyLogLineWithHalfAProcessCannotBeRead(t *testing.T) {
	line := "attempt seq=0 customer=c0001 php=+PHP status=200 time=3 bytes=700 term=-- backend=be server=b tls=1 "
	for _, process := range []string{"", "pid=8", "pid=8 stopping=1", "pid=x stopping=1 drained=0", "pid=8 stopping= drained=0", "pid=8 stopping=2 drained=0", "pid=8 stopping=1 drained=", "pid=8 stopping=1 drained=0 more", "else"} {
		if ledger, err := NewProxyLog(map[string]Opener{"proxy1": text(line + process + "\n")}).Testify(t.Context()); err == nil {
			t.Errorf("%q: ledger %v", process, ledger)
		}
	}
}

func TestStoppingAnswersAreBounded(t *testing.T) {
	line := "attempt seq=1 customer=c0001 php=+PHP status=200 time=3 bytes=700 term=-- backend=be server=b tls=1 pid=8 stopping=1 drained=1\n"
	got, err := NewProxyLog(map[string]Opener{"proxy1": text(strings.Repeat(line, harness.MaxStopping+1))}).Stopping(t.Context())
	if len(got) != harness.MaxStopping || err != nil {
		t.Errorf("%d answers, error %v", len(got), err)
	}
}
