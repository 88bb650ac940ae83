package main

import (
	"bufio"
	"fmt"
	"io"
	"sync"
)

// printer prints events in their order, keeps count of them, and says when there
// were enough.
type printer struct {
	json   bool
	limit  uint64 // messages; 0 for none
	enough func()
	stderr io.Writer

	mu      sync.Mutex
	out     *bufio.Writer
	flushed bool // after each line, as a live session wants it
	err     error
	sum     summary
}

func newPrinter(o *options, stdout, stderr io.Writer, enough func()) *printer {
	return &printer{json: o.json, limit: o.count, enough: enough, stderr: stderr,
		out: bufio.NewWriter(stdout), flushed: o.file == "" || o.file == "-", sum: newSummary()}
}

// print prints one event, unless there were enough.
func (p *printer) print(e event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.full() || p.err != nil {
		return
	}
	p.sum.add(e)
	line := text
	if p.json {
		line = jsonLine
	}
	_, err := p.out.Write(append(line(nil, e), '\n'))
	if err == nil && p.flushed {
		err = p.out.Flush()
	}
	if err != nil {
		p.err = err
	}
	if p.full() || p.err != nil {
		p.enough()
	}
}

func (p *printer) full() bool { return p.limit > 0 && p.sum.messages >= p.limit }

// fail ends everything because of err.
func (p *printer) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
	}
	p.enough()
}

// note says something that is not a message.
func (p *printer) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.stderr, "peerdump: "+format+"\n", args...)
}

// close prints the summary: on standard error as text, beside the messages as JSON.
func (p *printer) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	if p.json {
		if _, err := p.out.Write(append(p.sum.json(), '\n')); err != nil {
			return err
		}
	}
	if err := p.out.Flush(); err != nil {
		return err
	}
	if !p.json {
		fmt.Fprint(p.stderr, p.sum.text())
	}
	return nil
}
