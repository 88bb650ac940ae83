package harness

import "time"

// Chaos plays faults that the workload's seed chooses, for as long as the driver
// offers.
type Chaos struct {
	Every  time.Duration `yaml:"every" json:"everyNs"` // mean time between the beginnings of two faults
	Faults []Fault       `yaml:"faults" json:"faults"` // to choose from; their At means nothing
}
