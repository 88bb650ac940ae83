package runtimeapi

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Entry is one entry of a stick table.
type Entry struct {
	Key  string
	Data map[string]uint64 // use, exp, gpc0 … as HAProxy names them; a rate keeps its period, "http_req_rate(10000)"
}

// ShowTable returns all entries of a stick table, in HAProxy's order. A table of
// a peers section is named "section/table". An unknown table is a *ReplyError; a
// dump with fewer or more entries than its header claims is returned as it is,
// because entries come and go while HAProxy dumps.
func (c *Client) ShowTable(ctx context.Context, table string) ([]Entry, error) {
	if table == "" || strings.ContainsAny(table, " \t") {
		return nil, fmt.Errorf("runtime API %s: show table: %q is no table name", c.addr, table)
	}
	reply, err := c.Command(ctx, "show table "+table)
	if err != nil {
		return nil, err
	}
	return parseTable(table, reply)
}

func parseTable(table, reply string) ([]Entry, error) {
	header, body, _ := strings.Cut(reply, "\n")
	if !strings.HasPrefix(header, "# table: "+table+",") {
		return nil, fmt.Errorf("show table %s: unexpected header %q", table, header)
	}
	used, err := usedOf(header)
	if err != nil {
		return nil, fmt.Errorf("show table %s: %w", table, err)
	}
	var entries []Entry
	for line := range strings.Lines(body) {
		entry, err := parseEntry(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, fmt.Errorf("show table %s: %w", table, err)
		}
		entries = append(entries, entry)
	}
	if uint64(len(entries)) < used {
		return nil, fmt.Errorf("show table %s: %d entries of %d: the dump is not complete", table, len(entries), used)
	}
	return entries, nil
}

// usedOf reads how many entries the header promises:
// "# table: tracker/quota, type: string, size:1048576, used:3".
func usedOf(header string) (uint64, error) {
	_, text, ok := strings.Cut(header, "used:")
	if !ok {
		return 0, fmt.Errorf("header %q says no number of entries", header)
	}
	text, _, _ = strings.Cut(text, ",")
	return strconv.ParseUint(strings.TrimSpace(text), 10, 64)
}

// parseEntry reads "0x55…: key=c0000|1795222488088 use=0 exp=0 shard=0 gpc0=3".
// HAProxy does not quote keys, so a key ends where " use=" begins for the last time.
func parseEntry(line string) (Entry, error) {
	_, rest, ok := strings.Cut(line, ": key=")
	end := strings.LastIndex(rest, " use=")
	if !ok || end < 0 {
		return Entry{}, fmt.Errorf("line %q is no entry", line)
	}
	entry := Entry{Key: rest[:end], Data: make(map[string]uint64, 4)}
	for _, field := range strings.Fields(rest[end:]) {
		name, value, _ := strings.Cut(field, "=")
		number, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			if isText(name) {
				continue
			}
			return Entry{}, fmt.Errorf("line %q: %s is no number", line, name)
		}
		entry.Data[name] = number
	}
	return entry, nil
}

// isText names the data types that are no numbers: server_key is a name.
func isText(name string) bool { return name == "server_key" }
