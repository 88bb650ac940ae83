package driver

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haproof/haproof/harness"
)

// Target is what one attempt asks for, and what it may expect.
type Target struct {
	Method  string
	TLS     bool   // over HTTPS, where the endpoint has it
	Host    string // host name, without a port
	Path    string // with the query
	Body    string // form body of a POST
	Status  int    // expected status
	Bytes   uint64 // expected body bytes
	Dynamic bool   // expected author: the PHP application
	Key     string // customer that is charged if it is dynamic; empty for nobody
}

// Targets is the stream of targets of a workload: a pure function of the
// workload, its seed and the number of the attempt. It is safe for concurrent use.
type Targets struct {
	seed    uint64
	tls     float64
	profile profile
}

// profile returns the target of attempt k, except for TLS and Path, which it
// appends to path: a driver that reuses the bytes then allocates nothing.
type profile func(k uint64, r *random, path []byte) (Target, []byte)

var profiles = map[string]func(harness.Workload) (profile, error){}

// registerProfile makes a profile known under its name.
func registerProfile(name string, make func(harness.Workload) (profile, error)) {
	if _, ok := profiles[name]; ok {
		panic("profile " + name + " is registered twice")
	}
	profiles[name] = make
}

// Profiles returns the names of all profiles in sorted order.
func Profiles() []string { return slices.Sorted(maps.Keys(profiles)) }

// NewTargets returns the stream of targets of a workload, or an error that says
// what the workload lacks.
func NewTargets(w harness.Workload) (*Targets, error) {
	make, ok := profiles[w.Profile]
	if !ok {
		return nil, fmt.Errorf("unknown profile %q, known are: %s", w.Profile, strings.Join(Profiles(), " "))
	}
	profile, err := make(w)
	if err != nil {
		return nil, fmt.Errorf("profile %s: %w", w.Profile, err)
	}
	if err := errors.Join(checkShare("dynamic", w.Dynamic), checkShare("tls", w.TLS)); err != nil {
		return nil, err
	}
	return &Targets{seed: w.Seed, tls: float64(w.TLS), profile: profile}, nil
}

func checkShare(name string, s harness.Share) error {
	if s >= 0 && s <= 1 {
		return nil
	}
	return fmt.Errorf("%s: %v is not a share from 0 to 1", name, s)
}

// At returns the target of attempt k.
func (t *Targets) At(k uint64) Target {
	var s struct { // one allocation: both escape into the profile
		r    random
		path [96]byte
	}
	target, path := t.appendAt(k, &s.r, s.path[:0])
	target.Path = string(path)
	return target
}

// appendAt returns the target of attempt k without its Path, which it appends to
// path. It overwrites r.
func (t *Targets) appendAt(k uint64, r *random, path []byte) (Target, []byte) {
	*r = randomOf(t.seed, k)
	overTLS := r.share() < t.tls
	target, path := t.profile(k, r, path)
	target.TLS = overTLS
	return target, path
}
