package harness

import (
	"context"
	"time"
)

// Lab is a running topology.
type Lab interface {
	// Endpoints returns where attempts may be sent by the given route.
	Endpoints(route Route) []Endpoint
	// Nodes describes the running components.
	Nodes() []Node
	// Witnesses returns the vantage points that this topology has, the client
	// excepted: its ledger comes from the attempts.
	Witnesses() []Witness
	// Settle returns when the peers have nothing left to say and every node is
	// idle. It never looks at the counts. A Settlement that is not Settled says
	// what was missing when the deadline passed.
	Settle(ctx context.Context) (Settlement, error)
	// Usage reads what each node has consumed since it started.
	Usage(ctx context.Context) ([]Usage, error)
	// Failures names nodes that died, with their last log lines.
	Failures() []NodeFailure
	// Close takes everything down that Start brought up.
	Close() error
}

// Endpoint is one address that takes attempts.
type Endpoint struct {
	Node    string `json:"node"`            // node name, such as proxy1
	HTTP    string `json:"http"`            // host:port in clear
	HTTPS   string `json:"https,omitempty"` // host:port over TLS; empty where the node has none
	RootPEM []byte `json:"-"`               // certificate authority of the lab; empty means those of the system
	Trusted bool   `json:"-"`               // any certificate will do
}

// Node describes one running component.
type Node struct {
	Name    string  `json:"name"` // such as backend3
	Tier    string  `json:"tier"`
	Kind    string  `json:"kind"`
	Version string  `json:"version"` // as the program itself says
	Address string  `json:"address"`
	CPUs    float64 `json:"cpus,omitempty"`       // asked limit, 0 for none
	Limited bool    `json:"cpuLimited,omitempty"` // whether the limit is in force
}

// NodeFailure is a node that died while the lab was up.
type NodeFailure struct {
	Node   string   `json:"node"`
	Reason string   `json:"reason"`
	Log    []string `json:"log"` // its last lines
}

// Usage is what one node has consumed since it started.
type Usage struct {
	Node      string        `json:"node"`
	CPU       time.Duration `json:"cpuNs"`             // user and system
	Throttled uint64        `json:"throttled"`         // scheduler periods in which its limit held it back
	Periods   uint64        `json:"periods"`           // scheduler periods seen
	Unknown   string        `json:"unknown,omitempty"` // why nothing could be read, if so
}

// Settlement says whether, when and why the lab came to rest.
type Settlement struct {
	Settled bool          `json:"settled"`
	Took    time.Duration `json:"tookNs"`            // since the driver returned
	Missing []string      `json:"missing,omitempty"` // what had not come to rest at the deadline
	LeftOut []string      `json:"leftOut,omitempty"` // who was not waited for, being dead or stopped on purpose
}

// Witness is one vantage point on what was charged.
type Witness interface {
	Name() string
	Testify(ctx context.Context) (Ledger, error)
}

// Receiptor is a witness that can also say which sequence ids it saw.
type Receiptor interface {
	Receipts(ctx context.Context) (Receipts, error)
}

// StoppingTeller is a witness that can also say which dynamic answers a process
// gave that was stopping, MaxStopping at most.
type StoppingTeller interface {
	Stopping(ctx context.Context) ([]StoppingAnswer, error)
}

// AbsentStopping is where Record.Absent says why nobody knows which answers a
// stopping process gave.
const AbsentStopping = WitnessProxyLog + " stopping"

// Driver offers a workload. Drive returns only when nothing is in flight and
// its connections are closed; it calls report from one goroutine at a time.
// When ctx ends it stops sending, waits for what is in flight (at most the
// workload's timeout) and returns ctx's error.
type Driver interface {
	Name() string
	Drive(ctx context.Context, w Workload, to []Endpoint, report func(Attempt)) (Driven, error)
}

// Driven is what a driver says of its own work.
type Driven struct {
	Began       time.Time     `json:"began"`                 // zero of all offsets
	Length      time.Duration `json:"lengthNs"`              // until the last attempt ended
	Offered     uint64        `json:"offered"`               // attempts that the schedule wanted
	CPU         time.Duration `json:"cpuNs"`                 // of the generator's process meanwhile
	Probed      float64       `json:"probedRPS,omitempty"`   // capacity seen by a search's closed-loop probe
	StairRPS    []float64     `json:"stairRPS,omitempty"`    // offered rate of each stair played
	Routes      []string      `json:"routes,omitempty"`      // names of the routes that attempts took, by Attempt.Route
	CookiesLost uint64        `json:"cookiesLost,omitempty"` // cookies that answers set and users had no room for
	Shards      []Shard       `json:"shards,omitempty"`      // threads that drove, where the driver has its own
	Statistics  *Statistics   `json:"statistics,omitempty"`  // what it added up while driving; nil where it did not
}

// Shard is what one thread of a driver used while driving.
type Shard struct {
	CPU  time.Duration `json:"cpuNs"`  // user and system
	Wall time.Duration `json:"wallNs"` // from its first to its last moment
}

// Progress is a live view of a trial, a few times per second.
type Progress struct {
	Cell, Trial string
	Phase       string // starting, driving, settling, testifying, judging …
	Done, Total uint64 // attempts; Total 0 where unknown
	RateRPS     float64
	Errors      uint64
	LagP99      time.Duration
}
