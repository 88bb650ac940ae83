package witness

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/runtimeapi"
)

// proxySaying is a Runtime API that answers one command with reply.
func proxySaying(t *testing.T, reply string) *runtimeapi.Client {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = bufio.NewReader(conn).ReadString('\n')
		_, _ = io.WriteString(conn, reply)
		_ = conn.Close()
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return runtimeapi.New(l.Addr().String())
}

const tableHead = "\n# table: tracker/quota, type: string, size:10240, used:1\n"

func TestStickTableAddsUpProxiesAndGenerations(t *testing.T) {
	one := strings.Replace(tableHead, "used:1", "used:3", 1) + "0x1: key=c0001|1795222488088 use=0 exp=0 shard=0 gpc0=3\n" +
		"0x2: key=c0001|1795222499999 use=0 exp=0 shard=0 gpc0=4\n" + // after a reload
		"0x3: key=a|b|1795222488088 use=0 exp=0 shard=0 gpc0=1\n\n"
	two := strings.Replace(tableHead, "used:1", "used:2", 1) + "0x1: key=c0001|1795222488090 use=0 exp=0 gpc0=10\n0x2: key=plain use=0 exp=0 gpc0=2\n\n"
	apis := map[string]*runtimeapi.Client{"proxy1": proxySaying(t, one), "proxy2": proxySaying(t, two)}
	got, err := NewStickTable(apis, "tracker/quota", false).Testify(t.Context())
	want := harness.Ledger{"c0001": {Sure: 17}, "a|b": {Sure: 1}, "plain": {Sure: 2}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v %s", err, diff)
	}
}

func TestSharedCounterIsCountedOnce(t *testing.T) {
	one := strings.Replace(tableHead, "used:1", "used:2", 1) + "0x1: key=c0001|proxy1-1 use=0 exp=0 gpc0=3\n0x2: key=c0001|proxy2-1 use=0 exp=0 gpc0=5\n\n"
	two := strings.Replace(tableHead, "used:1", "used:2", 1) + "0x1: key=c0001|proxy2-1 use=0 exp=0 gpc0=9\n0x2: key=plain use=0 exp=0 gpc0=2\n\n"
	apis := map[string]*runtimeapi.Client{"proxy1": proxySaying(t, one), "proxy2": proxySaying(t, two)}
	got, err := NewStickTable(apis, "tracker/quota", true).Testify(t.Context())
	want := harness.Ledger{"c0001": {Sure: 3 + 9}, "plain": {Sure: 2}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v %s", err, diff)
	}
}

func TestStickTableThatCannotBeReadHasNoLedger(t *testing.T) {
	for reply, want := range map[string]string{
		"\n[3]: No such table\n\n": "No such table",
		"":                         "cut off",
		tableHead + "0x1: key=c0001|1 use=0 exp=0 gpc0=3\n":         "cut off",
		tableHead + "0x1: key=c0001|1 use=0 exp=0 gpt0=3\n\n":       "has no gpc0",
		"\n# table: tracker/plan, type: string, size:1, used:0\n\n": "unexpected header",
	} {
		apis := map[string]*runtimeapi.Client{"proxy1": proxySaying(t, reply)}
		ledger, err := NewStickTable(apis, "tracker/quota", false).Testify(t.Context())
		if ledger != nil || err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "proxy1") {
			t.Errorf("%q: ledger %v, error %v", reply, ledger, err)
		}
	}
}
