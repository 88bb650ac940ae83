package runtimeapi

import (
	"context"
	"fmt"
	"strings"
)

// SetTable writes a value into one data type, such as gpc0, of a key in a table, and
// returns what was there; 0 for a key that was not. Look and change are one line, so
// that hardly anything comes between them. What HAProxy reports as an error is a
// *ReplyError.
func (c *Client) SetTable(ctx context.Context, table, key, data string, value uint64) (before uint64, err error) {
	for _, word := range []string{table, key, data} {
		if word == "" || strings.ContainsAny(word, " \t\r\n;\\") {
			return 0, fmt.Errorf("runtime API %s: set table: %q is no word", c.addr, word)
		}
	}
	cmd := fmt.Sprintf("set table %s key %s data.%s %d", table, key, data, value)
	raw, err := c.exchange(ctx, fmt.Sprintf("set severity-output number;show table %s key %s;%s", table, key, cmd))
	if err != nil {
		return 0, fmt.Errorf("runtime API %s: %q: %w", c.addr, cmd, err)
	}
	return parseSet(cmd, table, data, raw)
}

// parseSet reads the replies to "set severity-output", "show table" and "set table",
// each of which ends with an empty line: the first and the last are nothing else. Of a
// key that is not there HAProxy shows nothing at all, or the header alone.
func parseSet(cmd, table, data, raw string) (uint64, error) {
	for line := range strings.Lines(raw) {
		if text, isError := errorText(line); isError {
			return 0, &ReplyError{Command: cmd, Text: strings.TrimSpace(text)}
		}
	}
	if raw == "\n\n\n" {
		return 0, nil
	}
	shown, ok := strings.CutSuffix(strings.TrimPrefix(raw, "\n"), "\n\n")
	header, entry, _ := strings.Cut(shown, "\n")
	if !ok || !strings.HasPrefix(header, "# table: "+table+",") {
		return 0, fmt.Errorf("runtime API: %q: unexpected reply %q", cmd, raw)
	}
	entry = strings.TrimSpace(entry)
	if entry == "" {
		return 0, nil
	}
	e, err := parseEntry(entry)
	return e.Data[data], err
}
