package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// readFile prints a recorded stream: what one side has said.
func (o *options) readFile(ctx context.Context, stdin io.Reader, p *printer) error {
	name, in := "standard input", stdin
	if o.file != "-" {
		file, err := os.Open(o.file)
		if err != nil {
			return err
		}
		defer file.Close()
		name, in = o.file, file
	}
	s := &stream{print: p.print}
	err := eachPiece(ctx, in, s.feed)
	if err == nil && ctx.Err() == nil { // told to stop, it may be anywhere
		err = s.end()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// eachPiece reads until the end or until ctx ends, which also interrupts a read that
// has nothing to read yet.
func eachPiece(ctx context.Context, in io.Reader, take func([]byte) error) error {
	type piece struct {
		b   []byte
		err error
	}
	pieces := make(chan piece)
	go func() { // outlives us if in never says anything again, as a terminal does
		for {
			b := make([]byte, 64<<10)
			n, err := in.Read(b)
			select {
			case pieces <- piece{b[:n], err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case next := <-pieces:
			if err := take(next.b); err != nil {
				return err
			}
			if errors.Is(next.err, io.EOF) {
				return nil
			}
			if next.err != nil {
				return next.err
			}
		}
	}
}
