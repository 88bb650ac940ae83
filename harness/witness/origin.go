package witness

import (
	"bytes"
	"context"

	"github.com/haproof/haproof/harness"
)

// Origin reads the logs of the backends: what PHP answered, by customer, and
// which attempts arrived at all.
type Origin struct{ logs map[string]Opener }

var (
	_ harness.Witness   = (*Origin)(nil)
	_ harness.Receiptor = (*Origin)(nil)
)

// NewOrigin returns the witness that reads the backends' logs, by node name.
func NewOrigin(logs map[string]Opener) *Origin { return &Origin{logs: logs} }

// Name returns harness.WitnessOrigin.
func (*Origin) Name() string { return harness.WitnessOrigin }

// Testify counts dynamic answers by customer over all backends. Hosts that no
// customer owns are nobody's. A log that cannot be read, or a line, is an error.
func (o *Origin) Testify(ctx context.Context) (harness.Ledger, error) {
	counts := counter{}
	var odd strange
	err := readLogs(ctx, o.logs, func(node string, line []byte) error {
		l, ok := parseOrigin(line)
		if !ok {
			odd.add(node, line)
			return nil
		}
		if key := customerOf(l.host); l.dynamic && len(key) > 0 && !l.probe() {
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

// Receipts returns which sequence ids arrived at any backend. Lines without a
// readable id, such as health checks, are counted as strange.
func (o *Origin) Receipts(ctx context.Context) (harness.Receipts, error) {
	var book receiptBook
	err := readLogs(ctx, o.logs, func(_ string, line []byte) error {
		l, ok := parseOrigin(line)
		switch {
		case !ok || !l.hasSeq:
			book.strange++
		case !l.probe():
			return book.add(l.seq)
		}
		return nil
	})
	if err != nil {
		return harness.Receipts{}, err
	}
	return book.receipts(), nil
}

// originLine is what the witness wants of one line of origin.log.
type originLine struct {
	seq     uint64
	hasSeq  bool
	host    []byte
	dynamic bool
}

func (l originLine) probe() bool { return l.hasSeq && l.seq >= FirstProbe }

var originNames = []string{"seq=", "host=", "dynamic=", "status=", "method=", "bytes=", "uri="}

func parseOrigin(line []byte) (originLine, bool) {
	var v [7][]byte
	if !fields(line, originNames, v[:]) {
		return originLine{}, false
	}
	l := originLine{host: v[1], dynamic: string(v[2]) == "yes"}
	l.seq, l.hasSeq = sequence(v[0])
	return l, l.dynamic || string(v[2]) == "-"
}

var customerDomain = []byte(".customers.test")

// customerOf returns the customer that owns a host, with or without a port;
// empty for the hosts of nobody.
func customerOf(host []byte) []byte {
	if colon := bytes.LastIndexByte(host, ':'); colon >= 0 {
		host = host[:colon]
	}
	customer, ok := bytes.CutSuffix(host, customerDomain)
	if !ok || bytes.IndexByte(customer, '.') >= 0 {
		return nil
	}
	if _, ok := harness.CustomerNumber(string(customer)); !ok {
		return nil
	}
	return customer
}
