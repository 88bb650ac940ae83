package witness

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Opener opens the log of one node for one reading from its beginning.
type Opener func(ctx context.Context) (io.ReadCloser, error)

// MaxLine is the longest log line in bytes. A longer one is read up to there.
const MaxLine = 64 << 10

// FirstProbe is the first sequence id of warm-up and probe attempts. The client
// does not report those, so logs pass over them. A stick table and a tracker
// bear no sequence ids and count them: a trial that probes, which is a search,
// cannot be judged by its counts.
const FirstProbe = 1 << 40

// errNoLogs keeps a witness without logs from testifying to silence.
var errNoLogs = errors.New("no logs to read")

// readLogs gives every finished line of every log to read, nodes in order of
// name. A last line without an end is still being written and is no line yet.
// A line that is too long is given cut off at MaxLine.
func readLogs(ctx context.Context, logs map[string]Opener, read func(node string, line []byte) error) error {
	if len(logs) == 0 {
		return errNoLogs
	}
	for _, node := range slices.Sorted(maps.Keys(logs)) {
		each := func(line []byte) error { return read(node, line) }
		if err := readLog(ctx, logs[node], each); err != nil {
			return fmt.Errorf("log of %s: %w", node, err)
		}
	}
	return nil
}

func readLog(ctx context.Context, open Opener, each func(line []byte) error) (err error) {
	log, err := open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	lines := bufio.NewReaderSize(log, MaxLine)
	for n := 0; ; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			line = bytes.Clone(line)
			err = skipLine(lines)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
			return err
		}
	}
}

// skipLine reads to the end of the line.
func skipLine(lines *bufio.Reader) error {
	for {
		_, err := lines.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}
