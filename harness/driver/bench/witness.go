package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"

	"github.com/haproof/haproof/harness/receiver"
)

// receiveWord is the only argument of this program as the receiver.
const receiveWord = "receive"

// witness is a receiver in a process of its own, on the server's core.
type witness struct {
	cmd     *exec.Cmd
	ends    io.Closer // its standard input: it lives until that ends
	address string
	reader  *receiver.Reader
}

// receive is this program as the receiver. It ends when its standard input does.
func receive(ctx context.Context) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := fmt.Println(l.Addr()); err != nil {
		return errors.Join(err, l.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); cancel() }() // it ends with the process
	return receiver.New(l, 0).Serve(ctx)
}

func (b *bench) startReceiver(ctx context.Context) (*witness, error) {
	w := &witness{cmd: exec.Command("taskset", "-c", b.on.server, b.self, receiveWord)}
	w.cmd.Stderr = os.Stderr
	in, err := w.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	w.ends = in
	line, err := bufio.NewReader(out).ReadString('\n')
	if err == nil {
		w.address = line[:len(line)-1]
		w.reader, err = receiver.NewReader(ctx, "http://"+w.address)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("receiver: %w", err), w.stop())
	}
	return w, nil
}

// stop ends the receiver.
func (w *witness) stop() error { return errors.Join(w.ends.Close(), w.cmd.Wait()) }
