package harness

// Status is the three-valued answer of a check. The zero value is Unknown:
// absence never passes.
type Status uint8

// The statuses, in the order in which they outweigh each other: Fail outweighs
// Unknown outweighs Pass.
const (
	Unknown Status = iota
	Pass
	Fail
)

// Verdict is the answer of one check to one record.
type Verdict struct {
	Check    string    `json:"check"`
	Status   Status    `json:"status"`
	Sentence string    `json:"sentence"`           // the answer in one sentence, with its numbers
	Findings []Finding `json:"findings,omitempty"` // at most MaxFindings
	Omitted  int       `json:"omitted,omitempty"`  // findings beyond MaxFindings
	Advisory bool      `json:"advisory,omitempty"` // does not weigh in the run's verdict, see Adviser

	// Charges are what the verdict rests on where it is about trackers' counts, one
	// per tracker. A result has them in its trials.
	Charges []Charge `json:"-"`
}

// MaxFindings bounds the findings that a verdict lists.
const MaxFindings = 50

// Finding is one particular that a verdict rests on.
type Finding struct {
	Subject string `json:"subject"` // a customer, a sequence id, a node
	Text    string `json:"text"`
}

// Check judges one record. It reads; it never measures, waits or retries.
type Check interface {
	Name() string
	Judge(rec *Record) Verdict
}

// Adviser is a check that a scenario may ask for advice only: its answer is
// reported but does not weigh in the verdict. Exact counts stay exact on a busy
// machine, so a scenario about counts takes the fitness checks as advice.
type Adviser interface{ Advisory() bool }

// RunCheck judges a whole run: all records of all cells together.
type RunCheck interface {
	Name() string
	JudgeRun(run *Run) Verdict
}
