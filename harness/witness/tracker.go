package witness

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/haproof/haproof/harness"
)

// MaxCounts is the largest answer of a tracker in bytes.
const MaxCounts = 64 << 20

// Tracker asks a tracker for its counts over HTTP, like any customer of
// its API would.
type Tracker struct {
	name, baseURL string
	access        Access
}

var _ harness.Witness = (*Tracker)(nil)

// Access is what the API of a tracker wants to see. The zero value is for one that
// answers everybody.
type Access struct {
	TLS   *tls.Config // nil trusts the authorities of the system
	Token string      // for Authorization: Bearer; none if empty
}

// NewTracker returns the witness that reads baseURL + "/v1/counts". Its name is
// harness.WitnessTracker, or another for a second tracker.
func NewTracker(name, baseURL string, access Access) *Tracker {
	return &Tracker{name: name, baseURL: baseURL, access: access}
}

// Name returns the name given to NewTracker.
func (t *Tracker) Name() string { return t.name }

// Testify returns the tracker's count of each customer. A tracker whose total
// is not the sum of its customers contradicts itself: an error.
func (t *Tracker) Testify(ctx context.Context) (harness.Ledger, error) {
	body, err := t.get(ctx, t.baseURL+"/v1/counts")
	if err != nil {
		return nil, err
	}
	ledger, err := parseCounts(body)
	if err != nil {
		return nil, fmt.Errorf("%s/v1/counts: %w", t.baseURL, err)
	}
	return ledger, nil
}

func (t *Tracker) get(ctx context.Context, url string) (body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if t.access.Token != "" {
		request.Header.Set("Authorization", "Bearer "+t.access.Token)
	}
	transport := &http.Transport{TLSClientConfig: t.access.TLS} // no proxy from the environment, nothing kept alive afterwards
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", url, answer.Status)
	}
	body, err = io.ReadAll(io.LimitReader(answer.Body, MaxCounts+1))
	if err == nil && len(body) > MaxCounts {
		err = fmt.Errorf("GET %s: answer is longer than %d bytes", url, MaxCounts)
	}
	return body, err
}

func parseCounts(body []byte) (harness.Ledger, error) {
	var counts struct {
		Total     *uint64           `json:"total"`
		Customers map[string]uint64 `json:"customers"`
	}
	if err := json.Unmarshal(body, &counts); err != nil {
		return nil, err
	}
	if counts.Total == nil || counts.Customers == nil {
		return nil, errors.New("total or customers missing")
	}
	ledger := make(harness.Ledger, len(counts.Customers))
	for customer, n := range counts.Customers {
		ledger[customer] = harness.Tally{Sure: n}
	}
	if sum := ledger.Total().Sure; sum != *counts.Total {
		return nil, fmt.Errorf("total is %d, but the customers add up to %d", *counts.Total, sum)
	}
	return ledger, nil
}
