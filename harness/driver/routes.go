package driver

import (
	"fmt"
	"net"
	"strings"

	"github.com/haproof/haproof/harness"
)

// route is one of the workload's own routes, made ready.
type route struct {
	target   Target // what all its attempts have in common
	upTo     int    // sum of the weights up to its own
	tls      float64
	customer bool // its attempts belong to one
	hosts    []string
	keys     []string // who owns the host, by the same index; empty for nobody
}

// routes are the workload's own. Which one attempt k takes, and of which customer it
// is, depends on the seed and on k alone. Customers come equally often.
type routes struct {
	sessions
	seed      uint64
	all       []route
	customers []string
}

// newRoutes makes the workload's routes ready.
func newRoutes(w harness.Workload) (profile, error) {
	if len(w.Routes) > harness.MaxRoutes {
		return nil, fmt.Errorf("%d routes are more than the limit of %d", len(w.Routes), harness.MaxRoutes)
	}
	rs := &routes{sessions: sessionsOf(w), seed: w.Seed, customers: make([]string, max(0, w.Customers))}
	for i := range rs.customers {
		rs.customers[i] = w.Customer(i)
	}
	hosts := map[string][]string{} // by pattern: routes share them
	for i := range w.Routes {
		r, err := rs.prepare(&w, i, hosts)
		if err != nil {
			return nil, fmt.Errorf("route %s: %w", w.Routes[i].Name, err)
		}
		rs.all = append(rs.all, r)
	}
	return rs.target, nil
}

func (rs *routes) prepare(w *harness.Workload, i int, hosts map[string][]string) (route, error) {
	t := &w.Routes[i]
	if err := t.Check(); err != nil {
		return route{}, err
	}
	share := w.TLS
	if t.TLS != nil {
		share = *t.TLS
	}
	if err := checkShare("tls", share); err != nil {
		return route{}, err
	}
	if t.Weight < 1 {
		return route{}, fmt.Errorf("weight is %d, want at least 1", t.Weight)
	}
	request := harness.Request{Method: t.Method, Host: t.Host, Path: t.Path, Header: headerText(t), Body: t.Body}
	form, err := newForm(request, rs.customers)
	if err != nil {
		return route{}, err
	}
	r := route{
		upTo: t.Weight, tls: float64(share),
		target: Target{Method: t.Method, Status: t.Status, AnyBytes: t.Bytes == nil, Dynamic: t.Dynamic,
			Route: uint16(i), Form: form, OwnCookies: hasCookies(request.Header)},
	}
	if i > 0 {
		r.upTo += rs.all[i-1].upTo
	}
	if t.Bytes != nil {
		r.target.Bytes = *t.Bytes
	}
	for _, text := range t.Texts() {
		pieces, _ := harness.ParsePattern(text) // newForm took them
		r.customer = r.customer || uses(pieces, harness.PlaceCustomer)
	}
	if hosts[t.Host] == nil {
		hosts[t.Host] = rs.hostsOf(t.Host)
	}
	r.hosts = hosts[t.Host]
	for _, host := range r.hosts {
		r.keys = append(r.keys, ownerOf(w, host))
	}
	return r, nil
}

// hostsOf returns the hosts of a pattern, one per customer where it names one.
func (rs *routes) hostsOf(pattern string) []string {
	pieces, _ := harness.ParsePattern(pattern) // it is known to be one
	if !uses(pieces, harness.PlaceCustomer) {
		return []string{strings.ReplaceAll(pattern, "{{", "{")}
	}
	var hosts []string
	f := &form{customers: rs.customers, nameWidth: widthOf(rs.customers)}
	for i := range rs.customers {
		in := filling{customer: i}
		hosts = append(hosts, string(in.appendPieces(nil, pieces, f)))
	}
	return hosts
}

// ownerOf returns the customer who owns a host, empty for nobody.
func ownerOf(w *harness.Workload, host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	name, owned := strings.CutSuffix(strings.ToLower(host), ".customers.test")
	n, numbered := harness.CustomerNumber(name)
	if !owned || !numbered || n >= w.Customers || w.Customer(n) != name {
		return ""
	}
	return name
}

// headerText writes the header of a template as it goes onto the wire, with what a
// client says of itself where the template does not.
func headerText(t *harness.Template) string {
	var b strings.Builder
	has := map[string]bool{}
	for _, name := range t.Names() {
		has[strings.ToLower(name)] = true
	}
	for _, own := range []struct{ name, value string }{{"User-Agent", "haproof"}, {"Accept", "*/*"}} {
		if !has[strings.ToLower(own.name)] {
			fmt.Fprintf(&b, "%s: %s\r\n", own.name, own.value)
		}
	}
	for _, name := range t.Names() {
		fmt.Fprintf(&b, "%s: %s\r\n", name, t.Header[name])
	}
	return b.String()
}

// target is the routes' profile. It leaves the path to the form.
func (rs *routes) target(k uint64, r *random, path []byte) (Target, []byte) {
	draw := randomOf(rs.seed, k) // as for the profiles: the first draw says whether it goes over TLS
	overTLS := draw.share()
	x, i := r.below(rs.all[len(rs.all)-1].upTo), 0
	for x >= rs.all[i].upTo {
		i++
	}
	chosen := &rs.all[i]
	target := chosen.target
	host := 0
	if chosen.customer {
		target.Customer = int32(rs.customerOf(k, r))
		host = min(int(target.Customer), len(chosen.hosts)-1)
	}
	target.TLS, target.Host, target.Key = overTLS < chosen.tls, chosen.hosts[host], chosen.keys[host]
	target.Draws = *r
	return target, path
}

// customerOf returns the customer of attempt k, who is that of its user: in turn now and then, so that all of
// them come, else by chance.
func (rs *routes) customerOf(k uint64, r *random) int {
	if user := rs.user(k); turn(user) {
		return int(user / turnEvery % uint64(len(rs.customers)))
	}
	return rs.below(k, r, drawCustomer, len(rs.customers))
}
