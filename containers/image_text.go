package containers

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"sync"
)

// oneAtATime lets many goroutines call a progress function that may be nil.
func oneAtATime(say func(string)) func(string) {
	if say == nil {
		return func(string) {}
	}
	var mu sync.Mutex
	return func(line string) {
		mu.Lock()
		defer mu.Unlock()
		say(line)
	}
}

// lastLines is a writer that remembers the last lines written to it.
type lastLines struct {
	keep int
	each func(line string) // called for every line, if set

	lines   []string
	partial string
}

// Write never fails.
func (l *lastLines) Write(text []byte) (int, error) {
	lines := strings.Split(l.partial+string(text), "\n")
	l.partial = lines[len(lines)-1]
	for _, line := range lines[:len(lines)-1] {
		line = line[strings.LastIndexByte(strings.TrimRight(line, "\r"), '\r')+1:] // progress bars overwrite themselves
		if l.each != nil {
			l.each(line)
		}
		l.lines = append(l.lines, line)
	}
	l.lines = l.lines[max(0, len(l.lines)-l.keep):]
	return len(text), nil
}

// String returns the lines kept, joined.
func (l *lastLines) String() string { return strings.Join(l.lines, "\n") }

// tarOf returns an archive of one file.
func tarOf(name, content string) (*bytes.Reader, error) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))})
	if err == nil {
		_, err = w.Write([]byte(content))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("archive of %s: %w", name, err)
	}
	return bytes.NewReader(archive.Bytes()), nil
}
