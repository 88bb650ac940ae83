package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Bounds of what HAProxy may take to look at a configuration.
const (
	programTimeout = 10 * time.Second
	programOutput  = 256 << 10 // bytes
	programAlerts  = 100
)

// Program is an HAProxy to ask.
type Program struct {
	Path     string
	Version  Version
	Features map[string]bool
}

// AskProgram asks an HAProxy for its version and how it was built.
func AskProgram(ctx context.Context, path string) (*Program, error) {
	output, err := run(ctx, path, "-vv")
	if err != nil {
		return nil, err
	}
	p := &Program{Path: path, Features: map[string]bool{}}
	for row := range bytes.Lines(output) {
		text := strings.TrimSpace(string(row))
		if rest, found := strings.CutPrefix(text, "HAProxy version "); found {
			version, _, _ := strings.Cut(rest, " ")
			if p.Version, err = ParseVersion(version); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
		}
		if rest, found := strings.CutPrefix(text, "Feature list : "); found {
			for _, feature := range strings.Fields(rest) {
				p.Features[feature[1:]] = feature[0] == '+'
			}
		}
	}
	if p.Version == (Version{}) {
		return nil, fmt.Errorf("%s: no HAProxy: `-vv` names no version", path)
	}
	return p, nil
}

// Check lets HAProxy look at the files by itself, as haproxy -c does, and
// returns what it complains of.
func (p *Program) Check(ctx context.Context, paths []string, localPeer string) ([]Finding, error) {
	args := []string{"-c"}
	for _, path := range paths {
		args = append(args, "-f", path)
	}
	if localPeer != "" {
		args = append(args, "-L", localPeer)
	}
	output, err := run(ctx, p.Path, args...)
	var refused *exec.ExitError
	if err != nil && !errors.As(err, &refused) {
		return nil, err
	}
	found := complaints(output, paths)
	if err != nil && len(found) == 0 {
		return nil, fmt.Errorf("%s -c: %w", p.Path, err)
	}
	return found, nil
}

// run runs a program in English, for a limited time, and keeps a limited part
// of what it says.
func run(ctx context.Context, path string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, programTimeout)
	defer cancel()
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	kept := &limited{to: &output, left: programOutput}
	cmd.Stdout, cmd.Stderr = kept, kept
	cmd.WaitDelay = time.Second // a child of it may hold the pipe
	err := cmd.Run()
	if ctx.Err() != nil {
		err = fmt.Errorf("%s %s: %w", path, args[0], context.Cause(ctx))
	}
	return output.Bytes(), err
}

// limited keeps the beginning of what is written.
type limited struct {
	to   io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(l.left, len(p))
	l.left -= n
	if _, err := l.to.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// alert is how HAProxy begins to complain, place where it says where.
var (
	alert = regexp.MustCompile(`^\[(ALERT|WARNING|NOTICE)\]\s+(?:\S+\s+)?\(\d+\) : (?:config : )?(.*)`)
	place = regexp.MustCompile(`\[([^\[\]]+):(\d+)\]\s*:?\s*`)
)

// complaints reads HAProxy's alerts and warnings. Lines without a beginning
// belong to the one before.
func complaints(output []byte, paths []string) []Finding {
	var found []Finding
	open := false
	for row := range bytes.Lines(output) {
		text := strings.TrimRight(string(row), "\r\n")
		begin := alert.FindStringSubmatch(text)
		switch {
		case begin == nil && open && strings.HasPrefix(text, " "):
			last := &found[len(found)-1]
			last.What += " " + strings.TrimSpace(text)
		case begin != nil:
			open = begin[1] != "NOTICE" && !summary(begin[2]) && len(found) < programAlerts
			if open {
				found = append(found, complaint(begin[1], begin[2], paths))
			}
		default:
			open = false
		}
	}
	return found
}

// summary says whether a complaint only says that there were others.
func summary(text string) bool {
	return strings.HasPrefix(text, "Error(s) found in configuration file") || strings.HasPrefix(text, "Fatal errors found in configuration")
}

func complaint(level, text string, paths []string) Finding {
	id := "haproxy-warning"
	if level == "ALERT" {
		id = "haproxy-alert"
	}
	t := traps[id]
	f := Finding{ID: id, Severity: t.severity, Why: t.why, Mend: t.mend, What: text}
	if at := place.FindStringSubmatchIndex(text); at != nil {
		f.File = text[at[2]:at[3]]
		f.Line, _ = strconv.Atoi(text[at[4]:at[5]]) // digits; 0 if too many
		before := strings.TrimSuffix(strings.TrimSpace(text[:at[0]]), "parsing")
		f.What = strings.TrimSpace(before + " " + text[at[1]:])
	} else if len(paths) == 1 {
		f.File = paths[0]
	}
	return f
}
