package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// MaxBytes is how much is read: of all files of a configuration together, and
// of each map file.
const MaxBytes = 100 << 20

// source is one file as it was read.
type source struct {
	path string // as it was named
	text []byte
}

// sources reads files, and of directories the files *.cfg in their order, as
// haproxy -f does. HAProxy includes nothing else, so nothing can loop.
func sources(paths []string) ([]source, error) {
	if len(paths) == 0 {
		return nil, errors.New("no configuration file was named")
	}
	var files []string
	for _, path := range paths {
		more, err := expand(path)
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	var all []source
	left := MaxBytes
	for _, path := range files {
		text, err := readFile(path, left)
		if err != nil {
			return nil, err
		}
		left -= len(text)
		if at := bytes.IndexByte(text, 0); at >= 0 {
			return nil, fmt.Errorf("%s: no configuration: byte %d is NUL", path, at+1)
		}
		all = append(all, source{path, text})
	}
	return all, nil
}

// expand returns the files that a path stands for.
func expand(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, ".") || !strings.HasSuffix(name, ".cfg") {
			continue
		}
		info, err := os.Stat(filepath.Join(path, name))
		if err != nil {
			return nil, err
		}
		if info.Mode().IsRegular() {
			files = append(files, filepath.Join(path, name))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no file *.cfg in this directory", path)
	}
	return files, nil
}

// readFile reads a regular file of at most limit bytes.
func readFile(path string, limit int) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: no regular file", path) // opening a pipe could wait for ever
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err == nil && len(text) > limit {
		err = fmt.Errorf("%s: more than %d MB", path, MaxBytes>>20)
	}
	return text, err
}
