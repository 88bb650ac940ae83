package driver

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/haproof/haproof/harness"
)

// Target is what one attempt asks for, and what it may expect.
type Target struct {
	Method string
	Host   string            // host name, without a port
	Path   string            // with the query
	Body   string            // form body of a POST
	Header string            // further header lines, each ended by CR LF; empty for those of every attempt
	Status int               // expected status; 0 for any below 400
	Bytes  uint64            // expected body bytes
	Key    string            // customer that is charged if it is dynamic; empty for nobody
	Leave  harness.AbortWhen // when its client leaves; empty for never
	Who    visitor           // the user whose attempt it is, which the driver fills in; nil where attempts know nothing of each other
	Server int               // listed: index of the endpoint, of which others take turns
	Form   *form             // holds the method, the host, the path, the header and the body, to be filled in; nil where they stand here
	Draws  random            // of Form

	Customer   int32  // of Form: index of who fills {customer}
	Route      uint16 // index into Targets.Routes
	TLS        bool   // over HTTPS, where the endpoint has it
	Dynamic    bool   // expected author: the PHP application
	Listed     bool   // one of the workload's own targets: any status below 400 and any body will do
	AnyBytes   bool   // any size of body will do
	OwnCookies bool   // Header says which cookies are sent, and no others are
}

// Targets is the stream of targets of a workload: a pure function of the
// workload, its seed and the number of the attempt. It is safe for concurrent use.
type Targets struct {
	seed    uint64
	tls     float64
	leaving leaving
	profile profile
	routes  []string
}

// profile returns the target of attempt k, except for TLS, Leave and Path, which it
// appends to path: a driver that reuses the bytes then allocates nothing.
type profile func(k uint64, r *random, path []byte) (Target, []byte)

// profileMaker is how a profile is made, and the names of its routes.
type profileMaker struct {
	make   func(harness.Workload) (profile, error)
	routes []string
}

var profiles = map[string]profileMaker{}

// registerProfile makes a profile known under its name, with the names of the routes
// that its targets take, by Target.Route.
func registerProfile(name string, make func(harness.Workload) (profile, error), routes ...string) {
	if _, ok := profiles[name]; ok {
		panic("profile " + name + " is registered twice")
	}
	profiles[name] = profileMaker{make, routes}
}

// Profiles returns the names of all profiles in sorted order.
func Profiles() []string { return slices.Sorted(maps.Keys(profiles)) }

// NewTargets returns the stream of targets of a workload, or an error that says
// what the workload lacks.
func NewTargets(w harness.Workload) (*Targets, error) {
	switch {
	case len(w.Targets) > 0:
		list, names, err := newList(w)
		return &Targets{seed: w.Seed, profile: list, routes: names}, err
	case len(w.Routes) > 0:
		routes, err := newRoutes(w)
		t := &Targets{seed: w.Seed, leaving: newLeaving(w), profile: routes, routes: w.RouteNames()}
		if w.OverTLS() == 1 {
			t.tls = 1
		}
		return t, err
	}
	make, ok := profiles[w.Profile]
	if !ok {
		return nil, fmt.Errorf("unknown profile %q, known are: %s", w.Profile, strings.Join(Profiles(), " "))
	}
	profile, err := make.make(w)
	if err != nil {
		return nil, fmt.Errorf("profile %s: %w", w.Profile, err)
	}
	if err := errors.Join(checkShare("dynamic", w.Dynamic), checkShare("tls", w.TLS)); err != nil {
		return nil, err
	}
	return &Targets{seed: w.Seed, tls: float64(w.TLS), leaving: newLeaving(w), profile: profile, routes: make.routes}, nil
}

func checkShare(name string, s harness.Share) error {
	if s >= 0 && s <= 1 {
		return nil
	}
	return fmt.Errorf("%s: %v is not a share from 0 to 1", name, s)
}

// Routes returns the names of the routes, by Target.Route.
func (t *Targets) Routes() []string { return t.routes }

// wants says whether a status is the expected one.
func (t *Target) wants(status int) bool {
	if t.Status == 0 {
		return status < http.StatusBadRequest
	}
	return status == t.Status
}

// At returns the target of attempt k, which is nobody's.
func (t *Targets) At(k uint64) Target { return t.of(k, nil) }

// of returns the target of attempt k of a virtual user, complete.
func (t *Targets) of(k uint64, who *user) Target {
	var s struct { // one allocation: both escape into the profile
		r    random
		path [96]byte
	}
	target, path := t.appendAt(k, &s.r, s.path[:0])
	who.mark(&target)
	if target.Form != nil {
		target.fillIn(k)
	} else {
		target.Path = string(path)
	}
	return target
}

// appendAt returns the target of attempt k without its Path, which it appends to
// path unless the target has a Form. It overwrites r.
func (t *Targets) appendAt(k uint64, r *random, path []byte) (target Target, filled []byte) {
	*r = randomOf(t.seed, k)
	overTLS := r.share() < t.tls
	target, filled = t.profile(k, r, path)
	target.TLS = overTLS || target.TLS // a listed one, and one of a route, says itself whether it goes over TLS
	if t.leaving.abort != nil {
		target.Leave = t.leaving.of(k, &target)
	}
	return target, filled
}
