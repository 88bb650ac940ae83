package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

// Counts is the answer to GET /v1/counts.
type Counts struct {
	Table     string            `json:"table"`
	Total     uint64            `json:"total"`             // sum over the customers
	Durable   *bool             `json:"durable,omitempty"` // told to those who said that it need not be
	Customers map[string]uint64 `json:"customers"`         // never null
	Sources   map[string]Source `json:"sources"`           // never null; every peer that was ever connected
}

// serveCounts answers GET /v1/counts with the total of every customer.
func (a *API) serveCounts(w http.ResponseWriter, r *http.Request) error {
	p, err := paramsOf(r, "durable")
	if err != nil {
		return err
	}
	durable, err := p.durable()
	if err != nil {
		return err
	}
	release, err := a.takeHeavy(r.Context())
	if err != nil {
		return err
	}
	defer release()
	buffer := a.buffers.Get().(*tracker.Totals)
	defer a.buffers.Put(buffer)
	var committed *bool
	if durable {
		*buffer, err = a.server.Totals(r.Context(), *buffer)
		if err != nil {
			return a.notDurable(err)
		}
	} else {
		var is bool
		*buffer, is = a.server.TotalsNow(*buffer)
		committed = &is
	}
	return a.writeCounts(w, *buffer, committed)
}

// notDurable is the answer while nothing can be committed.
func (a *API) notDurable(err error) error {
	p := problemf(http.StatusServiceUnavailable, "counts are not durable: %v; durable=false shows them nevertheless", err)
	if since, failure := a.server.StoreFailure(); failure != nil {
		since = since.UTC()
		p.Since = &since
	}
	return p
}

// writeCounts writes Counts piece by piece: with millions of customers the answer is
// larger than what should be in memory.
func (a *API) writeCounts(w http.ResponseWriter, t tracker.Totals, durable *bool) error {
	table, _ := json.Marshal(a.server.Table()) // strings always encode, and so do sources
	sources, _ := json.Marshal(a.sourcesByName())
	w.Header().Set("Content-Type", "application/json")
	out := a.newLongAnswer(w)
	b := append(append(out.buffer(), `{"table":`...), table...)
	b = strconv.AppendUint(append(b, `,"total":`...), t.Total, 10)
	if durable != nil {
		b = strconv.AppendBool(append(b, `,"durable":`...), *durable)
	}
	b = append(b, `,"customers":{`...)
	for i, name := range t.Names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendName(b, name), ':')
		b = strconv.AppendUint(b, t.Each[i], 10)
		if b = out.write(b); out.err != nil {
			return out.err
		}
	}
	b = append(append(append(b, `},"sources":`...), sources...), '}', '\n')
	return out.end(b)
}

// appendName appends a name in text as a JSON string.
func appendName(b []byte, name string) []byte {
	for i := range len(name) {
		if c := name[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '%' {
			text, _ := json.Marshal(tracker.InText(name))
			return append(b, text...)
		}
	}
	return append(append(append(b, '"'), name...), '"')
}

// sourcesByName are the sources as Counts shows them.
func (a *API) sourcesByName() map[string]Source {
	now := time.Now()
	sources := make(map[string]Source)
	for _, s := range a.server.Sources() {
		sources[s.Name] = sourceOf(s, now)
	}
	return sources
}
