package api

import (
	"errors"
	"net/http"
	"net/url"
	"time"
)

// Customers is the answer to GET /v1/customers.
type Customers struct {
	At            time.Time  `json:"at"`            // when the totals were looked at
	Durable       bool       `json:"durable"`       // they were committed
	Count         int        `json:"count"`         // of all customers
	Matching      int        `json:"matching"`      // of those with the prefix
	WindowSeconds float64    `json:"windowSeconds"` // rates are means over this long; 0 before there is one
	Customers     []Customer `json:"customers"`     // never null
	Next          string     `json:"next"`          // cursor of the next page, empty on the last
}

// Customer is one customer of a list.
type Customer struct {
	Customer string  `json:"customer"`
	Total    uint64  `json:"total"`
	Rate     float64 `json:"rate"` // per second

	number uint32
	name   string   // as it is keyed by
	course []uint32 // growth by slot, for the page
}

// serveCustomers answers GET /v1/customers.
func (a *API) serveCustomers(w http.ResponseWriter, r *http.Request) error {
	p, err := paramsOf(r, "sort", "prefix", "limit", "cursor", "durable")
	if err != nil {
		return err
	}
	l, err := p.listing(usualPage)
	if err != nil {
		return err
	}
	durable, err := p.durable()
	if err != nil {
		return err
	}
	list, err := a.customers(r, l)
	if err != nil {
		return err
	}
	if durable && !list.Durable {
		return a.notDurableNow()
	}
	if list.Next != "" {
		query := p.values
		query.Set("cursor", list.Next)
		next := url.URL{Path: "/v1/customers", RawQuery: query.Encode()}
		w.Header().Set("Link", "<"+next.String()+`>; rel="next"`)
	}
	return writeJSON(w, list)
}

// notDurableNow is notDurable for when it is not known why.
func (a *API) notDurableNow() error {
	if _, err := a.server.StoreFailure(); err != nil {
		return a.notDurable(err)
	}
	return a.notDurable(errors.New("commits take long"))
}

// customers returns one page of the newest look.
func (a *API) customers(r *http.Request, l listing) (Customers, error) {
	release, err := a.takeHeavy(r.Context())
	if err != nil {
		return Customers{}, err
	}
	defer release()
	var order []uint32
	if l.byIndex() {
		names := a.live.names()
		order = beginning(a.index.of(names, time.Now()), names, l.prefix)
	}
	return a.live.page(l, order), nil
}
