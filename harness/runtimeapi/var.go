package runtimeapi

import (
	"context"
	"fmt"
	"strings"
)

// GetVar returns the text of a variable of the process, such as proc.gen: "get var".
// One that is not set is a *ReplyError.
func (c *Client) GetVar(ctx context.Context, name string) (string, error) {
	cmd := "get var " + name
	if strings.ContainsAny(name, " \r\n;") {
		return "", fmt.Errorf("runtime API %s: %q is no name of a variable", c.addr, name)
	}
	raw, err := c.exchange(ctx, "set severity-output number;"+cmd)
	if err != nil {
		return "", fmt.Errorf("runtime API %s: %q: %w", c.addr, cmd, err)
	}
	return parseVar(cmd, raw)
}

// parseVar reads "[6]: proc.gen: type=str value=<proxy1-1795246777216>". Unlike other
// replies this one ends without an empty line.
func parseVar(cmd, raw string) (string, error) {
	reply, err := parseReply(cmd, strings.TrimRight(raw, "\n")+"\n\n")
	if err != nil {
		return "", err
	}
	_, value, found := strings.Cut(reply, " value=<")
	value, closed := strings.CutSuffix(strings.TrimRight(value, "\n"), ">")
	if !found || !closed {
		return "", fmt.Errorf("runtime API: %q: unexpected reply %q", cmd, reply)
	}
	return value, nil
}
