package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// problem is an answer that says what is wrong and what to do about it, as RFC 9457
// has it. Its type is about:blank: the status is the class, the detail the case.
type problem struct {
	Title     string     `json:"title"` // of the status
	Status    int        `json:"status"`
	Detail    string     `json:"detail"`
	Parameter string     `json:"parameter,omitempty"` // of the question, that is wrong
	Since     *time.Time `json:"since,omitempty"`     // when nothing could be committed any more
	retry     bool       // soon: there is no room now
}

// Error returns the detail.
func (p *problem) Error() string { return p.Detail }

func problemf(status int, format string, args ...any) *problem {
	return &problem{Title: http.StatusText(status), Status: status, Detail: fmt.Sprintf(format, args...)}
}

// wrong is a problem with a parameter of the question.
func wrong(parameter, format string, args ...any) *problem {
	p := problemf(http.StatusBadRequest, format, args...)
	p.Parameter = parameter
	return p
}

// busy is the problem that there is no room now.
func busy(format string, args ...any) *problem {
	p := problemf(http.StatusServiceUnavailable, format, args...)
	p.retry = true
	return p
}

// problemOf returns the problem that an error is; any other is one of ours.
func problemOf(err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	return problemf(http.StatusInternalServerError, "%v", err)
}

// writeProblem answers with an error. Nothing may have been answered before.
func writeProblem(w http.ResponseWriter, err error) {
	p := problemOf(err)
	w.Header().Set("Content-Type", "application/problem+json")
	if p.retry {
		w.Header().Set("Retry-After", "30")
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client is gone: nobody to tell
}

// writeJSON answers with a value that always encodes.
func writeJSON(w http.ResponseWriter, value any) error {
	w.Header().Set("Content-Type", "application/json")
	return gone(json.NewEncoder(w).Encode(value))
}

// errGone says that the client does not listen any more, or too slowly.
var errGone = errors.New("client is gone")

// gone marks an error of writing an answer: it is nobody's business.
func gone(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errGone, err)
}
