package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// What is taken of an answer.
const (
	maxHeader = 64 << 10 // bytes; more is a failure
	maxAnswer = 64 << 10 // bytes of a body that are read, so that the connection can be used again
	maxQuote  = 200      // bytes of a body that errors repeat
)

// outcome is what became of an attempt.
type outcome struct {
	err     error         // nil if the message has arrived
	refused bool          // the receiver will not have it
	after   time.Duration // the receiver wants to be left alone for so long
}

// newClient does not follow redirects and uses no proxy.
func newClient(cfg Config) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			TLSClientConfig:        cfg.TLS.Clone(),
			ForceAttemptHTTP2:      true,
			MaxConnsPerHost:        cfg.Concurrency,
			MaxIdleConnsPerHost:    cfg.Concurrency,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: maxHeader,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// post makes one attempt.
func (s *Sender) post(ctx context.Context, m Message) outcome {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.URL, bytes.NewReader(m.Body))
	if err != nil {
		return outcome{err: nameless(err)}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", s.cfg.Agent)
	req.Header.Set("Haproof-Event", m.Kind)
	req.Header.Set("Idempotency-Key", m.ID)
	req.Header.Set("Haproof-Signature", Sign(m.Body, s.cfg.Secret, time.Now()))
	resp, err := s.client.Do(req)
	if err != nil {
		return outcome{err: nameless(err)}
	}
	defer resp.Body.Close()
	return judge(resp)
}

// judge reads the answer.
func judge(resp *http.Response) outcome {
	quote := make([]byte, maxQuote)
	// What is missing of a body changes nothing about its status.
	n, _ := io.ReadFull(resp.Body, quote)
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer-maxQuote)
	if resp.StatusCode/100 == 2 {
		return outcome{}
	}
	return outcome{
		err:     fmt.Errorf("the receiver answered %d %s: %q", resp.StatusCode, http.StatusText(resp.StatusCode), quote[:n]),
		refused: refuses(resp.StatusCode),
		after:   retryAfter(resp.Header.Get("Retry-After"), time.Now()),
	}
}

// refuses says whether time alone will not change the answer.
func refuses(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return status/100 == 4
}

// retryAfter reads seconds or a date; 0 if there is neither.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(header); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}

// nameless removes the URL from an error of package http.
func nameless(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
