package harness

import "time"

// Shape is how the offered rate changes over the duration of a workload. Where
// there is none, it does not.
type Shape struct {
	Kind   string        `yaml:"kind" json:"kind"`
	To     Rate          `yaml:"to" json:"toRPS,omitempty"`        // ramp: at the end; sine: the highest
	Rates  []Rate        `yaml:"rates" json:"ratesRPS,omitempty"`  // steps: after the workload's rate, each as long
	Period time.Duration `yaml:"period" json:"periodNs,omitempty"` // sine: from one lowest rate to the next
	File   string        `yaml:"file" json:"file,omitempty"`       // replay: log of a HAProxy, in its HTTP format
	Speed  float64       `yaml:"speed" json:"speed,omitempty"`     // replay: 2 halves all gaps; 0 means 1
}

// The kinds of shapes.
const (
	ShapeRamp   = "ramp"   // straight from the workload's rate to To
	ShapeSteps  = "steps"  // the workload's rate, then those of Rates
	ShapeSine   = "sine"   // between the workload's rate and To
	ShapeReplay = "replay" // requests as far apart as they were in a log
)

// How attempts are placed under the rate. The zero value means ArrivalsRegular.
const (
	ArrivalsRegular = "regular" // as evenly as possible
	ArrivalsPoisson = "poisson" // independent of each other
	ArrivalsWindows = "windows" // independent, but exactly as many in each window as its rate wants
)
