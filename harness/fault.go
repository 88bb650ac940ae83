package harness

import (
	"context"
	"time"
)

// Fault is one disturbance of a trial. At counts from the moment the driver begins.
type Fault struct {
	At    time.Duration `yaml:"at" json:"atNs"`
	Do    string        `yaml:"do" json:"do"`                   // kill, stop, restart or reload
	Node  string        `yaml:"node" json:"node"`               // such as tracker1
	For   time.Duration `yaml:"for" json:"forNs,omitempty"`     // stop: until it goes on
	After time.Duration `yaml:"after" json:"afterNs,omitempty"` // restart: from its death to its start
}

// The faults that a lab may know.
const (
	FaultKill    = "kill"    // SIGKILL
	FaultStop    = "stop"    // SIGSTOP, later SIGCONT
	FaultRestart = "restart" // SIGKILL, later started again with what it had on disk
	FaultReload  = "reload"  // HAProxy: SIGUSR2 to the master
)

// Disturber is a Lab that can play faults.
type Disturber interface {
	// Disturb plays a fault now and returns when it is over: when a node that was
	// stopped goes on, or one that was restarted is ready.
	Disturb(ctx context.Context, f Fault) error
}

// Disturbance is a fault as it was played, in offsets from the driver's beginning.
type Disturbance struct {
	Fault Fault         `json:"fault"`
	Began time.Duration `json:"beganNs"`
	Ended time.Duration `json:"endedNs"` // when Disturb returned
	Error string        `json:"error,omitempty"`
}
