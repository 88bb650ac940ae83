package witness

import (
	"bytes"
	"context"

	"github.com/haproof/haproof/harness"
)

// ProxyLog reads the logs of the proxies: which answers they marked as dynamic.
type ProxyLog struct{ logs map[string]Opener }

var _ harness.Witness = (*ProxyLog)(nil)

// NewProxyLog returns the witness that reads the proxies' logs, by node name.
func NewProxyLog(logs map[string]Opener) *ProxyLog { return &ProxyLog{logs: logs} }

// Name returns harness.WitnessProxyLog.
func (*ProxyLog) Name() string { return harness.WitnessProxyLog }

// Testify counts the answers marked +PHP by customer over all proxies. A log
// that cannot be read, or a line of an attempt, is an error; other lines are
// HAProxy's own notices.
func (p *ProxyLog) Testify(ctx context.Context) (harness.Ledger, error) {
	counts := counter{}
	var odd strange
	err := readLogs(ctx, p.logs, func(node string, line []byte) error {
		attempt, ok := bytes.CutPrefix(line, []byte("attempt "))
		if !ok {
			return nil
		}
		key, charged, ok := parseProxy(attempt)
		switch {
		case !ok:
			odd.add(node, line)
		case charged:
			counts.add(key, 1)
		}
		return nil
	})
	if err == nil {
		err = odd.err()
	}
	if err != nil {
		return nil, err
	}
	return counts.ledger(), nil
}

var proxyNames = []string{
	"seq=", "customer=", "php=", "status=", "time=", "bytes=", "term=", "backend=", "server=", "tls=",
}

// parseProxy returns the customer of a line and whether it was charged.
func parseProxy(line []byte) (key []byte, charged, ok bool) {
	var v [10][]byte
	if !fields(line, proxyNames, v[:]) {
		return nil, false, false
	}
	seq, hasSeq := sequence(v[0])
	customer, php := v[1], string(v[2]) == "+PHP"
	owned := len(customer) > 0 && string(customer) != "-"
	return customer, php && owned && !(hasSeq && seq >= FirstProbe), true
}
