package driver

import (
	"fmt"
	"strings"

	"github.com/haproof/haproof/harness"
)

// newList offers the workload's own targets in turn, and names their routes: by the
// paths of the targets.
func newList(w harness.Workload) (profile, []string, error) {
	targets := make([]Target, len(w.Targets))
	names := newNames()
	customers := &routes{customers: make([]string, max(0, w.Customers))}
	for i := range customers.customers {
		customers.customers[i] = w.Customer(i)
	}
	for i := range w.Targets {
		r := &w.Targets[i]
		targets[i] = Target{
			Listed: true, Server: r.Endpoint, TLS: r.TLS, Method: r.Method, Host: r.Host, Header: r.Header, Body: r.Body,
			Route: names.of(r.Path, i), OwnCookies: hasCookies(r.Header),
		}
		if !r.Template {
			continue
		}
		form, err := newForm(*r, customers.customers)
		if err != nil {
			return nil, nil, fmt.Errorf("target %d: %w", i+1, err)
		}
		targets[i].Form = form
	}
	return func(k uint64, r *random, path []byte) (Target, []byte) {
		i := k % uint64(len(targets))
		target := targets[i]
		if target.Form == nil {
			return target, append(path, w.Targets[i].Path...)
		}
		if len(customers.customers) > 0 {
			target.Customer = int32(customers.customerOf(k, r))
		}
		target.Draws = *r
		return target, path
	}, names.names, nil
}

const (
	otherRoutes = "others" // the route of targets beyond the first MaxRoutes - 1 names
	longestName = 64       // of a route, in bytes
)

// names collects the names of routes, a bounded number of them.
type names struct {
	names   []string
	indices map[string]uint16
}

func newNames() *names { return &names{indices: map[string]uint16{}} }

// of returns the index of the route that target i takes: the first part of its path,
// without the query.
func (n *names) of(path string, i int) uint16 {
	name, _, _ := strings.Cut(path, "?")
	if len(name) > longestName {
		name = fmt.Sprintf("target %d", i+1)
	}
	if index, ok := n.indices[name]; ok {
		return index
	}
	switch len(n.names) {
	case harness.MaxRoutes:
		return harness.MaxRoutes - 1
	case harness.MaxRoutes - 1:
		name = otherRoutes
	}
	n.names = append(n.names, name)
	n.indices[name] = uint16(len(n.names) - 1)
	return n.indices[name]
}
