package containers

import "context"

// Fact is one thing that Diagnose found out about this machine.
type Fact struct {
	Subject string `json:"subject"` // such as "nginx"
	State   State  `json:"state"`
	Detail  string `json:"detail"`         // what was found
	Mend    string `json:"mend,omitempty"` // what would make it better; empty if nothing need be done
}

// State says how well something serves haproof.
type State string

// The states of a fact.
const (
	StateOK      State = "ok"
	StateLimited State = "limited" // works, but less is known or possible
	StateMissing State = "missing"
)

// Diagnose finds out what labs this machine can run, for haproof doctor.
func Diagnose(ctx context.Context) []Fact {
	return diagnose(ctx, Options{})
}

func diagnose(ctx context.Context, opts Options) []Fact {
	facts := []Fact{engineFact(ctx)}
	facts = append(facts, dockerFacts(ctx)...)
	facts = append(facts, programFacts(ctx, opts)...)
	return append(facts, descriptorFact(), coresFact(), cgroupFact(opts.cgroupRoot()))
}
