package harness

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// RecordFile is the name of a record in its directory. The first line is the
// head (Record as JSON, with the number of attempts), then comes a line per
// attempt (see recordline.go), and the last line is {"end":N}.
const RecordFile = "record.ndjson"

// maxHead bounds the first line of a record in bytes.
const maxHead = 256 << 20

// maxLines bounds the attempts of a record: a trial that reached its limit has
// those too that were in flight then.
const maxLines = MaxAttempts + maxInFlight

// ErrTruncated says that a record ends before its last line.
var ErrTruncated = errors.New("record is truncated")

// recordHead is the first line.
type recordHead struct {
	*Record
	Count int `json:"attempts"`
}

// recordEnd is the last line.
type recordEnd struct {
	End *int `json:"end"`
}

// WriteRecord writes rec into dir, which it creates. The file appears under its
// name only when it is complete and on disk. Errors name the path.
func WriteRecord(dir string, rec *Record) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	file, err := os.CreateTemp(dir, "."+RecordFile+"-*")
	if err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	err = errors.Join(writeRecord(file, rec), file.Chmod(0o644), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), filepath.Join(dir, RecordFile))
	}
	if err != nil {
		return fmt.Errorf("write record %s: %w", filepath.Join(dir, RecordFile), errors.Join(err, os.Remove(file.Name())))
	}
	return syncDirectory(dir)
}

func writeRecord(w io.Writer, rec *Record) error {
	if len(rec.Attempts) > maxLines {
		return fmt.Errorf("%d attempts, the limit is %d", len(rec.Attempts), maxLines)
	}
	head := *rec
	head.Schema = RecordSchema
	line, err := json.Marshal(recordHead{&head, len(rec.Attempts)})
	if err != nil {
		return err
	}
	if len(line) > maxHead {
		return fmt.Errorf("head of %d bytes, the limit is %d", len(line), maxHead)
	}
	out := bufio.NewWriterSize(w, 256<<10)
	if _, err := out.Write(append(line, '\n')); err != nil {
		return err
	}
	for i := range rec.Attempts {
		if line, err = appendAttempt(line[:0], &rec.Attempts[i]); err != nil {
			return fmt.Errorf("attempt %d: %w", rec.Attempts[i].Seq, err)
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(out, "{\"end\":%d}\n", len(rec.Attempts)); err != nil {
		return err
	}
	return out.Flush()
}

func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// ReadRecord reads the record in dir. From a truncated record it returns what
// could be read, together with an error that is ErrTruncated.
func ReadRecord(dir string) (*Record, error) {
	path := filepath.Join(dir, RecordFile)
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read record: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("read record: %w", err)
	}
	rec, err := readRecord(file, info.Size())
	if err != nil {
		return rec, fmt.Errorf("read record %s: %w", path, err)
	}
	return rec, nil
}

func readRecord(r io.Reader, size int64) (*Record, error) {
	in := bufio.NewReaderSize(r, 256<<10)
	head, err := readHead(in)
	if err != nil {
		return nil, fmt.Errorf("line 1: %w", err)
	}
	rec := head.Record
	const shortest = int64(len(`{"n":0}` + "\n"))
	if head.Count < 0 || head.Count > maxLines {
		return nil, fmt.Errorf("line 1: %d attempts, the limit is %d", head.Count, maxLines)
	}
	if rec.Totals != nil && head.Count > 0 {
		return nil, fmt.Errorf("line 1: totals and %d attempts: want one of them", head.Count)
	}
	rec.Attempts = make([]Attempt, 0, min(int64(head.Count), size/shortest)) // the count is a claim until read
	return rec, readAttempts(in, rec, head.Count)
}

func readHead(in *bufio.Reader) (recordHead, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if err == nil {
			break
		}
		if errors.Is(err, io.EOF) {
			return recordHead{}, ErrTruncated
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return recordHead{}, err
		}
		if len(line) > maxHead {
			return recordHead{}, fmt.Errorf("longer than %d bytes", maxHead)
		}
	}
	head := recordHead{Record: &Record{}}
	if err := json.Unmarshal(line, &head); err != nil {
		return recordHead{}, err
	}
	if head.Schema != RecordSchema {
		return recordHead{}, fmt.Errorf("schema %d, this program reads schema %d", head.Schema, RecordSchema)
	}
	return head, nil
}

func readAttempts(in *bufio.Reader, rec *Record, count int) error {
	parser := newLineParser()
	for number := 2; ; number++ {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("line %d: %w after %d of %d attempts", number, ErrTruncated, len(rec.Attempts), count)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		line = line[:len(line)-1]
		if bytes.HasPrefix(line, []byte(`{"end":`)) {
			return readEnd(in, line, number, len(rec.Attempts), count)
		}
		if len(rec.Attempts) == count {
			return fmt.Errorf("line %d: more than the %d attempts of line 1", number, count)
		}
		var a Attempt
		if err := parser.parse(line, &a); err != nil {
			return fmt.Errorf("line %d: %w: %.80q", number, err, line)
		}
		rec.Attempts = append(rec.Attempts, a)
	}
}

func readEnd(in *bufio.Reader, line []byte, number, read, count int) error {
	var end recordEnd
	if err := json.Unmarshal(line, &end); err != nil || end.End == nil {
		return fmt.Errorf("line %d: %.80q is no end", number, line)
	}
	if read != count || *end.End != count {
		return fmt.Errorf("line %d: %d attempts read, line 1 says %d, the end says %d", number, read, count, *end.End)
	}
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("line %d: something follows the end", number+1)
	}
	return nil
}
