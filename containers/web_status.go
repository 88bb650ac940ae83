package containers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// nginxStatus is nginx's stub_status page.
type nginxStatus struct{ active, reading, writing, waiting uint64 }

// webStatus reads the status page of a web node. The page counts its own
// request among those being written.
func webStatus(ctx context.Context, n *node) (nginxStatus, error) {
	status, body, err := get(ctx, "http://"+n.at(ports.Status)+"/status")
	if err != nil {
		return nginxStatus{}, err
	}
	if status != http.StatusOK {
		return nginxStatus{}, fmt.Errorf("status page answers %d", status)
	}
	return parseStatus(body)
}

// parseStatus reads "Active connections: 1 … Reading: 0 Writing: 1 Waiting: 0".
func parseStatus(page string) (nginxStatus, error) {
	var s nginxStatus
	_, last, ok := strings.Cut(page, "Reading:")
	if !ok {
		return s, errors.New("status page: no line with Reading")
	}
	if _, err := fmt.Sscanf(page, "Active connections: %d", &s.active); err != nil {
		return s, fmt.Errorf("status page: %w", err)
	}
	if _, err := fmt.Sscanf(last, "%d Writing: %d Waiting: %d", &s.reading, &s.writing, &s.waiting); err != nil {
		return s, fmt.Errorf("status page: %w", err)
	}
	return s, nil
}
