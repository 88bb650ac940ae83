package harness

import (
	"maps"
	"slices"
	"time"
)

// Scenario is one question asked of one topology under one workload.
type Scenario struct {
	Name     string      `yaml:"-" json:"name"` // file name without .yaml
	Question string      `yaml:"question" json:"question"`
	Topology Topology    `yaml:"topology" json:"topology"`
	Workload Workload    `yaml:"workload" json:"workload"`
	Axes     []Axis      `yaml:"axes" json:"axes,omitempty"`
	Faults   []Fault     `yaml:"faults" json:"faults,omitempty"` // played while the driver offers
	Chaos    *Chaos      `yaml:"chaos" json:"chaos,omitempty"`   // more of them, by chance; nil for none
	Trials   int         `yaml:"trials" json:"trials"`           // repetitions of each cell; 0 means 1
	Checks   []CheckSpec `yaml:"checks" json:"checks"`
}

// Topology names the tiers of the architecture under test, for example proxy,
// backend and tracker.
type Topology map[string]Tier

// The tier names that the runner gives a meaning to.
const (
	TierProxy   = "proxy"   // receives the attempts
	TierBackend = "backend" // the origins behind the proxy
	TierTracker = "tracker" // counts over the peers protocol
)

// TierNames returns the names of the tiers in sorted order.
func (t Topology) TierNames() []string { return slices.Sorted(maps.Keys(t)) }

// Tier is one layer of a topology: Count equal nodes of one kind.
type Tier struct {
	Kind    string       `yaml:"kind" json:"kind"`               // component kind: haproxy, web, quota-tracker …
	Count   int          `yaml:"count" json:"count"`             // nodes; 0 means 1
	CPUs    float64      `yaml:"cpus" json:"cpus"`               // CPU limit per node in cores; 0 means no limit
	Threads int          `yaml:"threads" json:"threads"`         // worker threads per node; 0 means the kind's default
	Version string       `yaml:"version" json:"version"`         // such as "3.0"; empty means the engine's default
	Binary  string       `yaml:"binary" json:"binary"`           // program to run instead of the kind's own; empty means the kind's own
	Args    []string     `yaml:"args" json:"args"`               // further arguments for the program
	State   TrackerState `yaml:"state" json:"state,omitempty"`   // tracker only: empty means up
	Limits  *Limits      `yaml:"limits" json:"limits,omitempty"` // tracker only: whom it must have denied; nil means nobody
	Keys    KeyStyle     `yaml:"keys" json:"keys,omitempty"`     // proxy only: how customers are counted; empty means exact
	Table   *Table       `yaml:"table" json:"table,omitempty"`   // proxy only: nil means that of a careful operator
	Retry   bool         `yaml:"retry" json:"retry,omitempty"`   // proxy only: what may be tried again is, on another server
}

// Axis is one sweep dimension: a dotted path into the scenario and its values.
type Axis struct {
	Path   string   `json:"path"`   // for example topology.backend.count
	Values []string `json:"values"` // as written in the scenario file
}

// CheckSpec names a check and its options, if any.
type CheckSpec struct {
	Name    string            `json:"name"`
	Options map[string]string `json:"options,omitempty"` // as written; the check parses and validates them
}

// Workload is what clients offer.
type Workload struct {
	Driver      string        `yaml:"driver" json:"driver"`                   // wire (default) or vegeta
	Profile     string        `yaml:"profile" json:"profile"`                 // ads, dynamic, mixed or php; empty where there are Routes
	Routes      []Template    `yaml:"routes" json:"routes,omitempty"`         // offered instead of what a profile makes up, chosen by weight
	Rate        Rate          `yaml:"rate" json:"rateRPS"`                    // offered load, attempts per second
	Requests    uint64        `yaml:"requests" json:"requests"`               // exactly this many attempts; 0 means until Duration
	Duration    time.Duration `yaml:"duration" json:"durationNs"`             // used where Requests is 0
	Shape       *Shape        `yaml:"shape" json:"shape,omitempty"`           // how the rate changes; nil means that it does not
	Arrivals    string        `yaml:"arrivals" json:"arrivals,omitempty"`     // regular (default), poisson or windows
	Window      time.Duration `yaml:"window" json:"windowNs,omitempty"`       // of arrivals: windows
	Customers   int           `yaml:"customers" json:"customers"`             // quota keys, c0000 …
	Prefix      string        `yaml:"prefix" json:"prefix,omitempty"`         // before each customer's name
	Hosts       int           `yaml:"hosts" json:"hosts"`                     // advertising hosts of the ads profile
	Dynamic     Share         `yaml:"dynamic" json:"dynamic"`                 // share of attempts that ask for PHP
	TLS         Share         `yaml:"tls" json:"tls"`                         // share of attempts over HTTPS
	Work        time.Duration `yaml:"work" json:"workNs"`                     // CPU time that each PHP answer burns
	Timeout     time.Duration `yaml:"timeout" json:"timeoutNs"`               // patience of a client; 0 means 10s
	Connections int           `yaml:"connections" json:"connections"`         // most idle connections kept per host, over h2 connections per host; 0 means the driver's default
	Connect     *Connect      `yaml:"connect" json:"connect,omitempty"`       // how connections are made and used; nil means as the driver does by itself
	Protocol    string        `yaml:"protocol" json:"protocol,omitempty"`     // of attempts over TLS: http/1.1 (default) or h2, which driver vegeta speaks; those in clear are always HTTP/1.1
	Users       *Users        `yaml:"users" json:"users,omitempty"`           // clients that wait for their answers; nil means that attempts know nothing of each other
	SoftStart   time.Duration `yaml:"softstart" json:"softStartNs,omitempty"` // the rate grows to its first value in that time, ahead of the schedule; these attempts count but are left out of latencies
	Route       Route         `yaml:"route" json:"route"`                     // through the proxy, or straight to the backends
	Seed        uint64        `yaml:"seed" json:"seed"`                       // same seed, same stream of targets
	Abort       *Abort        `yaml:"abort" json:"abort,omitempty"`           // clients that leave early; nil for none
	Probe       time.Duration `yaml:"probe" json:"probeNs,omitempty"`         // look for the capacity so long before the schedule, in labs that are kept warm; 0 means no
	Targets     []Request     `yaml:"-" json:"-"`                             // offered in turn instead of what the profile makes up; not from a scenario file
	Search      *Search       `yaml:"search" json:"search,omitempty"`         // look for the maximum sustained rate instead of driving Rate
}

// Rate is an offered load in attempts per second, written "2000/s".
type Rate float64

// Share is a fraction from 0 to 1.
type Share float64

// Route says where attempts enter the topology.
type Route string

// The two routes. The empty route means RouteProxy.
const (
	RouteProxy  Route = "proxy"  // through the proxy tier
	RouteDirect Route = "direct" // straight to the backend tier: the reference without a proxy
)

// Search looks for the highest rate that still meets the objective, by an
// open-loop staircase around the capacity that a short closed-loop probe saw.
type Search struct {
	Objective Objective     `yaml:"objective" json:"objective"`
	Probe     time.Duration `yaml:"probe" json:"probeNs"` // length of the closed-loop probe, also the warm-up
	Step      time.Duration `yaml:"step" json:"stepNs"`   // length of one stair
	From      float64       `yaml:"from" json:"from"`     // first stair, as a fraction of the probed capacity
	To        float64       `yaml:"to" json:"to"`         // last stair, likewise
	Stairs    int           `yaml:"stairs" json:"stairs"` // number of stairs, spaced geometrically
}

// Objective is what a rate must meet to count as sustained.
type Objective struct {
	Quantile float64       `yaml:"quantile" json:"quantile"` // such as 0.99
	Latency  time.Duration `yaml:"latency" json:"latencyNs"` // from intended send time to last byte
	Achieved float64       `yaml:"achieved" json:"achieved"` // least completed/offered in the stair, such as 0.98
}
