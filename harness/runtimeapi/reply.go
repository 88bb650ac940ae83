package runtimeapi

import (
	"errors"
	"fmt"
	"strings"
)

// ReplyError is an error that HAProxy itself reported.
type ReplyError struct {
	Command string
	Text    string // first line of the reply, such as "No such table"
}

// Error returns the command with HAProxy's words.
func (e *ReplyError) Error() string {
	return fmt.Sprintf("runtime API: %q: %s", e.Command, e.Text)
}

var errCutOff = errors.New("reply was cut off before its final empty line")

// parseReply takes off the frame of a reply: an empty line that answers "set
// severity-output", the reply proper, and a final empty line. A message bears
// its syslog severity in front, "[3]: No such table"; a dump bears none.
func parseReply(cmd, raw string) (string, error) {
	body, ok := strings.CutPrefix(raw, "\n")
	if !ok {
		return "", fmt.Errorf("runtime API: %q: %w", cmd, errCutOff)
	}
	if text, isError := errorText(body); isError {
		return "", &ReplyError{Command: cmd, Text: text}
	}
	if body == "\n" {
		return "", nil
	}
	if !strings.HasSuffix(body, "\n\n") {
		return "", fmt.Errorf("runtime API: %q: %w", cmd, errCutOff)
	}
	return withoutSeverity(body[:len(body)-1]), nil
}

// errorText returns the first line of a message of severity error or worse.
// HAProxy 2.6 to 3.4 send "Unknown command" with severity 6.
func errorText(body string) (string, bool) {
	text := withoutSeverity(body)
	if len(text) == len(body) {
		return "", false
	}
	line, _, _ := strings.Cut(text, "\n")
	return line, body[1] <= '3' || strings.HasPrefix(line, "Unknown command")
}

// withoutSeverity removes a leading "[0]: " to "[7]: ".
func withoutSeverity(body string) string {
	if len(body) >= 5 && body[0] == '[' && body[1] >= '0' && body[1] <= '7' && body[2:5] == "]: " {
		return body[5:]
	}
	return body
}
