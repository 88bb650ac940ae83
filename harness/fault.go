package harness

import (
	"context"
	"errors"
	"time"
)

// Fault is one disturbance of a trial. At counts from the moment the driver begins;
// a negative one is played before it does.
type Fault struct {
	At     time.Duration `yaml:"at" json:"atNs"`
	Do     string        `yaml:"do" json:"do"`
	Node   string        `yaml:"node" json:"node"`                 // such as tracker1
	For    time.Duration `yaml:"for" json:"forNs,omitempty"`       // of a fault that lasts
	After  time.Duration `yaml:"after" json:"afterNs,omitempty"`   // restart: from its end to its start
	Signal string        `yaml:"signal" json:"signal,omitempty"`   // restart: kill (default), term or usr1
	Delay  time.Duration `yaml:"delay" json:"delayNs,omitempty"`   // delay, slow: added to each message or answer
	Value  uint64        `yaml:"value" json:"value,omitempty"`     // set: of every customer's counter
	Every  time.Duration `yaml:"every" json:"everyNs,omitempty"`   // played again and again, so long after the last began
	During time.Duration `yaml:"during" json:"duringNs,omitempty"` // with every: for so long, counted from At; 0 means until the workload ends
	Drawn  bool          `yaml:"-" json:"drawn,omitempty"`         // by chaos
}

// ErrNotThere is wrapped by Disturb where the node of the fault is dead or held
// already.
var ErrNotThere = errors.New("cannot be disturbed")

// The faults that a lab may know.
const (
	FaultKill     = "kill"     // SIGKILL
	FaultStop     = "stop"     // SIGSTOP, later SIGCONT
	FaultRestart  = "restart"  // ended by a signal, later started again with what it had on disk
	FaultReload   = "reload"   // HAProxy: SIGUSR2 to the master
	FaultClear    = "clear"    // HAProxy: clear table
	FaultSet      = "set"      // HAProxy: set table, the counter of every customer
	FaultRename   = "rename"   // HAProxy: another name as a peer, by a reload
	FaultCut      = "cut"      // tracker: its connections to proxies end, and new ones are refused
	FaultReset    = "reset"    // tracker: likewise, with RST, once
	FaultDelay    = "delay"    // tracker: every message to and from it comes late
	FaultHalfOpen = "halfopen" // tracker: nothing arrives any more, and nobody is told
	FaultThrottle = "throttle" // tracker: reads a few bytes per second
	FaultDiskFull = "diskfull" // tracker: its store has no room left
	FaultSlow     = "slow"     // web node: every dynamic answer comes late
	FaultError    = "error"    // web node: every dynamic answer is a 500
	FaultBreak    = "break"    // web node: every dynamic answer ends within its body
)

// Disturber is a Lab that can play faults.
type Disturber interface {
	// Disturb plays a fault now and returns when it is over: when a node that was
	// stopped goes on, or one that was restarted is ready. What it did is in the
	// answer. A fault on a tier that is off does nothing, in the same time.
	Disturb(ctx context.Context, f Fault) (Deed, error)
	// Recovered says what still keeps the lab from working as before its faults;
	// nil where nothing does.
	Recovered(ctx context.Context) error
}

// Deed is what a fault did that a judge must know.
type Deed struct {
	Sham    bool              `json:"sham,omitempty"`    // nothing was done, as the tier is off: a reference to compare with
	Amounts map[string]uint64 `json:"amounts,omitempty"` // set: what each customer's counter grew by; one that fell has begun anew
}

// Disturbance is a fault as it was played, in offsets from the driver's beginning.
type Disturbance struct {
	Fault Fault         `json:"fault"`
	Began time.Duration `json:"beganNs"`
	Ended time.Duration `json:"endedNs"`           // when Disturb returned
	Whole time.Duration `json:"wholeNs,omitempty"` // when the lab had recovered; 0 where it was not seen to
	Deed
	Error string `json:"error,omitempty"`
}
