package witness

import (
	"bytes"
	"context"
	"errors"

	"github.com/haproof/haproof/harness"
)

// ProxyLog reads the logs of the proxies: which answers they marked as dynamic, and
// which of those a process gave that was stopping.
type ProxyLog struct{ logs map[string]Opener }

var (
	_ harness.Witness        = (*ProxyLog)(nil)
	_ harness.StoppingTeller = (*ProxyLog)(nil)
)

// NewProxyLog returns the witness that reads the proxies' logs, by node name.
func NewProxyLog(logs map[string]Opener) *ProxyLog { return &ProxyLog{logs: logs} }

// Name returns harness.WitnessProxyLog.
func (*ProxyLog) Name() string { return harness.WitnessProxyLog }

// Testify counts the answers marked +PHP by customer over all proxies. A log
// that cannot be read, or a line of an attempt, is an error; other lines are
// HAProxy's own notices.
func (p *ProxyLog) Testify(ctx context.Context) (harness.Ledger, error) {
	counts := counter{}
	err := p.read(ctx, func(_ string, l proxyLine) error {
		if l.charged() {
			counts.add(l.customer, 1)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return counts.ledger(), nil
}

// Stopping returns the charged answers that processes gave which were stopping, in
// the order of the logs and harness.MaxStopping at most. A line that does not say
// whether its process was is an error, as is a log that cannot be read.
func (p *ProxyLog) Stopping(ctx context.Context) ([]harness.StoppingAnswer, error) {
	var answers []harness.StoppingAnswer
	err := p.read(ctx, func(node string, l proxyLine) error {
		switch {
		case !l.charged() || !l.hasSeq:
		case !l.hasProcess:
			return errNoProcess
		case l.stopping && len(answers) < harness.MaxStopping:
			answers = append(answers, harness.StoppingAnswer{Seq: l.seq, Node: node, PID: l.pid, Drained: l.drained})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answers, nil
}

var errNoProcess = errors.New("lines do not say whether their process was stopping")

// read gives every line of an attempt. Lines that cannot be read are an error at the
// end.
func (p *ProxyLog) read(ctx context.Context, each func(node string, l proxyLine) error) error {
	var odd strange
	err := readLogs(ctx, p.logs, func(node string, line []byte) error {
		attempt, ok := bytes.CutPrefix(line, []byte("attempt "))
		if !ok {
			return nil
		}
		l, ok := parseProxy(attempt)
		if !ok {
			odd.add(node, line)
			return nil
		}
		return each(node, l)
	})
	if err == nil {
		err = odd.err()
	}
	return err
}

// proxyLine is what the witness wants of one line of an attempt.
type proxyLine struct {
	seq      uint64
	hasSeq   bool
	customer []byte
	php      bool

	// Of the process that wrote the line; lines of earlier versions lack it.
	hasProcess bool
	pid        int
	stopping   bool
	drained    bool
}

// charged says whether the line is of an answer that somebody is charged for.
func (l proxyLine) charged() bool {
	owned := len(l.customer) > 0 && string(l.customer) != "-"
	return l.php && owned && !(l.hasSeq && l.seq >= FirstProbe)
}

var (
	proxyNames = []string{
		"seq=", "customer=", "php=", "status=", "time=", "bytes=", "term=", "backend=", "server=", "tls=",
	}
	processNames = []string{"pid=", "stopping=", "drained="}
)

func parseProxy(line []byte) (proxyLine, bool) {
	var v [10][]byte
	if !fields(line, proxyNames, v[:]) {
		return proxyLine{}, false
	}
	l := proxyLine{customer: v[1], php: string(v[2]) == "+PHP"}
	l.seq, l.hasSeq = sequence(v[0])
	_, process, found := bytes.Cut(v[9], []byte(" "))
	return l, !found || l.parseProcess(process)
}

// parseProcess reads what a line says of its process.
func (l *proxyLine) parseProcess(text []byte) bool {
	var v [3][]byte
	if !fields(text, processNames, v[:]) {
		return false
	}
	pid, ok := sequence(v[0])
	l.hasProcess, l.pid = true, int(pid)
	return ok && flag(v[1], &l.stopping) && flag(v[2], &l.drained)
}

// flag reads 1 or 0.
func flag(text []byte, into *bool) bool {
	*into = string(text) == "1"
	return *into || string(text) == "0"
}
