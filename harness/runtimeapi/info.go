package runtimeapi

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
)

// ShowInfo returns "show info": HAProxy's own name for each fact and its value
// as text.
func (c *Client) ShowInfo(ctx context.Context) (map[string]string, error) {
	reply, err := c.Command(ctx, "show info")
	if err != nil {
		return nil, err
	}
	return parseInfo(reply)
}

func parseInfo(reply string) (map[string]string, error) {
	info := map[string]string{}
	for line := range strings.Lines(reply) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		if !ok {
			return nil, fmt.Errorf("show info: line %q has no colon", line)
		}
		info[name] = strings.TrimSpace(value)
	}
	if info["Version"] == "" {
		return nil, errors.New("show info: no version in the reply")
	}
	return info, nil
}

// ShowStat returns "show stat": one map per frontend, server, backend and
// listener, from HAProxy's column names (pxname, svname, scur …) to text.
func (c *Client) ShowStat(ctx context.Context) ([]map[string]string, error) {
	reply, err := c.Command(ctx, "show stat")
	if err != nil {
		return nil, err
	}
	return parseStat(reply)
}

func parseStat(reply string) ([]map[string]string, error) {
	body, ok := strings.CutPrefix(reply, "# ")
	if !ok {
		return nil, errors.New("show stat: no header in the reply")
	}
	records, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("show stat: %w", err)
	}
	rows := make([]map[string]string, 0, len(records)-1)
	for _, record := range records[1:] {
		row := make(map[string]string, len(record))
		for i, name := range records[0] {
			if name != "" {
				row[name] = record[i]
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}
