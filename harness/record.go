package harness

import "time"

// RecordSchema is the version of the record format on disk.
const RecordSchema = 1

// Record is everything that one trial observed. It is written to disk before
// anything is judged; a failed or interrupted trial leaves a record too.
type Record struct {
	Schema      int           `json:"schema"`
	Run         string        `json:"run"` // run id, also the name of its directory
	Cell        Cell          `json:"cell"`
	Trial       int           `json:"trial"` // 1 first
	Environment Environment   `json:"environment"`
	Nodes       []Node        `json:"nodes"`
	Driver      string        `json:"driver"`
	Capacity    *Capacity     `json:"capacity,omitempty"` // where the workload asked for a probe
	Driven      Driven        `json:"driven"`
	Settlement  Settlement    `json:"settlement"`
	Usage       []Usage       `json:"usage"` // of each node, while driving
	Host        HostUsage     `json:"host"`  // of the whole machine, while driving
	Receipts    *Receipts     `json:"receipts,omitempty"`
	Failures    []NodeFailure `json:"failures,omitempty"`
	Interrupted bool          `json:"interrupted,omitempty"`

	// Disturbances are the scenario's faults as they were played.
	Disturbances []Disturbance `json:"disturbances,omitempty"`

	// Stopping are the dynamic answers that a proxy's log says a process gave
	// that was stopping, as far as MaxStopping goes.
	Stopping []StoppingAnswer `json:"stopping,omitempty"`

	Error string `json:"error,omitempty"` // why the trial could not be finished

	// Ledgers by witness. A witness that could not testify is in Absent, with the reason.
	Ledgers map[string]Ledger `json:"ledgers"`
	Absent  map[string]string `json:"absent,omitempty"`

	// Attempts are on lines of their own in record.ndjson. Where they were not kept
	// there are none, and Totals instead.
	Attempts []Attempt `json:"-"`
	Totals   *Totals   `json:"totals,omitempty"`
}

// Made is how many attempts were made.
func (r *Record) Made() uint64 {
	if r.Totals != nil {
		return r.Totals.Counts.Attempts
	}
	return uint64(len(r.Attempts))
}

// StoppingAnswer is one dynamic answer of a process that was stopping.
type StoppingAnswer struct {
	Seq     uint64 `json:"seq"`
	Node    string `json:"node"` // the proxy
	PID     int    `json:"pid"`
	Drained bool   `json:"drained,omitempty"` // logged for the tracker instead of counted in the table
}

// MaxStopping bounds Record.Stopping.
const MaxStopping = 100_000

// Cell is a scenario with every axis fixed.
type Cell struct {
	Name     string    `json:"name"`     // such as backend.count=4,route=proxy; "only" without axes
	Settings []Setting `json:"settings"` // the fixed axes, in the scenario's order
	Scenario Scenario  `json:"scenario"` // with the settings applied
}

// Setting is one axis fixed to one of its values.
type Setting struct {
	Path  string `json:"path"`
	Value string `json:"value"`
}

// Environment is where and with what a run was made.
type Environment struct {
	Haproof  string            `json:"haproof"` // version of haproof
	Go       string            `json:"go"`
	Engine   string            `json:"engine"` // docker or process
	OS       string            `json:"os"`
	Kernel   string            `json:"kernel"`
	CPUModel string            `json:"cpuModel"`
	Cores    int               `json:"cores"`
	MemoryGB float64           `json:"memoryGB"`
	Cgroup   string            `json:"cgroup"`  // v1, v2 or none
	Files    uint64            `json:"files"`   // descriptor limit of the generator
	Command  string            `json:"command"` // that reproduces the run
	Notes    []string          `json:"notes,omitempty"`
	Extra    map[string]string `json:"extra,omitempty"`
}

// HostUsage is what the machine as a whole did while driving, from /proc.
type HostUsage struct {
	Wall     time.Duration `json:"wallNs"`
	Cores    int           `json:"cores"`
	Busy     time.Duration `json:"busyNs"`     // CPU time spent by anyone, all cores
	Stolen   time.Duration `json:"stolenNs"`   // CPU time that the hypervisor gave to others
	Pressure time.Duration `json:"pressureNs"` // time in which some task waited for a CPU (PSI)
	Unknown  string        `json:"unknown,omitempty"`
	Kernel   *KernelDrops  `json:"kernel,omitempty"` // nil where the kernel does not say
}

// Run is all records of one invocation of a scenario.
type Run struct {
	ID       string
	Scenario Scenario
	Began    time.Time
	Ended    time.Time
	Records  []*Record
}
