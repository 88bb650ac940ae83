package api

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxQuery bounds the query of a URL in bytes.
const maxQuery = 8 << 10

// params are the parameters of a question.
type params struct{ values url.Values }

// paramsOf reads the query. A parameter that is not among known is an error, so that
// a misspelt one is not silently without effect; so is one that is given twice.
func paramsOf(r *http.Request, known ...string) (params, error) {
	if len(r.URL.RawQuery) > maxQuery {
		return params{}, problemf(http.StatusRequestURITooLong, "query of %d bytes, at most %d", len(r.URL.RawQuery), maxQuery)
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return params{}, problemf(http.StatusBadRequest, "query: %v", err)
	}
	for name, all := range values {
		if !slices.Contains(known, name) {
			return params{}, wrong(name, "unknown parameter %.100q; known here: %s", name, strings.Join(known, ", "))
		}
		if len(all) > 1 {
			return params{}, wrong(name, "%s is given %d times", name, len(all))
		}
	}
	return params{values}, nil
}

func (p params) has(name string) bool { return p.values.Has(name) }

func (p params) text(name string) string { return p.values.Get(name) }

// choice returns one of several words, the first of which is the default.
func (p params) choice(name string, words ...string) (string, error) {
	got := p.values.Get(name)
	if !p.has(name) {
		return words[0], nil
	}
	if !slices.Contains(words, got) {
		return "", wrong(name, "%s=%q: want %s", name, got, strings.Join(words, " or "))
	}
	return got, nil
}

// number returns a whole number from 1 to most.
func (p params) number(name string, otherwise, most int) (int, error) {
	if !p.has(name) {
		return otherwise, nil
	}
	n, err := strconv.Atoi(p.text(name))
	if err != nil || n < 1 || n > most {
		return 0, wrong(name, "%s=%q: want a number from 1 to %d", name, p.text(name), most)
	}
	return n, nil
}

// durable is false if the question does not insist on what is committed.
func (p params) durable() (bool, error) {
	word, err := p.choice("durable", "true", "false")
	return word == "true", err
}

// moment returns a time that is written as RFC 3339 has it, or as a date, which is
// when that day begins in UTC.
func (p params) moment(name string, otherwise time.Time) (time.Time, error) {
	if !p.has(name) {
		return otherwise, nil
	}
	text := p.text(name)
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		at, err = time.Parse(time.RFC3339, text)
	}
	if err != nil {
		return time.Time{}, wrong(name, "%s=%q: want a time such as 2026-03-01T14:00:00Z or a date such as 2026-03-01 (a '+' in a URL is written %%2B)", name, text)
	}
	if !at.Equal(at.Truncate(time.Hour)) {
		return time.Time{}, wrong(name, "%s=%q: usage is kept by the hour (UTC); give a full hour", name, text)
	}
	return at.UTC(), nil
}
