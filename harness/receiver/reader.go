package receiver

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Reader asks a receiver in another process what arrived.
type Reader struct{ base string }

// NewReader returns a reader of the receiver at a URL such as http://127.0.0.1:8089,
// or an error where none answers there.
func NewReader(ctx context.Context, base string) (*Reader, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	r := &Reader{base: "http://" + u.Host}
	_, err = r.State(ctx)
	return r, err
}

// State returns its totals.
func (r *Reader) State(ctx context.Context) (s State, err error) {
	err = r.ask(ctx, "/totals", func(body io.Reader) error { return json.NewDecoder(body).Decode(&s) })
	return s, err
}

// Forget has it drop everything that arrived so far.
func (r *Reader) Forget(ctx context.Context) error {
	return r.ask(ctx, "/forget", func(io.Reader) error { return nil })
}

// Arrivals returns the arrivals of the ids from one to another that it still has,
// in the order in which they were read.
func (r *Reader) Arrivals(ctx context.Context, from, to uint64) (arrivals []Arrival, err error) {
	err = r.ask(ctx, fmt.Sprintf("/arrivals?from=%d&to=%d", from, to), func(body io.Reader) error {
		lines := bufio.NewScanner(body)
		for lines.Scan() {
			seq, at, _ := strings.Cut(lines.Text(), " ")
			id, ok := decimal([]byte(seq))
			when, too := decimal([]byte(at))
			if !ok || !too {
				return fmt.Errorf("%.80q is no arrival", lines.Text())
			}
			arrivals = append(arrivals, Arrival{id, int64(when)})
		}
		return lines.Err()
	})
	return arrivals, err
}

func (r *Reader) ask(ctx context.Context, path string, take func(io.Reader) error) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.base+path, nil)
	if err != nil {
		return err
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // its text has been read
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s%s: %s", r.base, path, response.Status)
	}
	if err := take(response.Body); err != nil {
		return fmt.Errorf("%s%s: %w", r.base, path, err)
	}
	return nil
}
