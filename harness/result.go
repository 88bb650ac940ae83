package harness

import "time"

// ResultSchema is the version of result.json.
const ResultSchema = 1

// Result is a judged run: the contents of result.json and all that a report
// needs. Reports read nothing else.
type Result struct {
	Schema      int           `json:"schema"`
	Run         string        `json:"run"`
	Scenario    Scenario      `json:"scenario"`
	Environment Environment   `json:"environment"`
	Began       time.Time     `json:"began"`
	Took        time.Duration `json:"tookNs"`
	Status      Status        `json:"verdict"`
	Sentence    string        `json:"sentence"` // the verdict in one sentence
	Interrupted bool          `json:"interrupted,omitempty"`
	Verdicts    []Verdict     `json:"verdicts"` // one per check, rolled up over all trials
	Cells       []CellResult  `json:"cells"`
	Curves      []Curve       `json:"curves,omitempty"`
	Costs       []Cost        `json:"costs,omitempty"`
	Outages     []Outage      `json:"outages,omitempty"`  // faults of trackers
	Warnings    []string      `json:"warnings,omitempty"` // each weakens a number and stands beside it
}

// CellResult is one cell with its trials.
type CellResult struct {
	Cell   Cell          `json:"cell"`
	Trials []TrialResult `json:"trials"`
}

// TrialResult is one judged trial.
type TrialResult struct {
	Trial        int                         `json:"trial"`
	Directory    string                      `json:"directory"` // of its record, relative to the run's
	Nodes        []Node                      `json:"nodes"`
	Summary      Summary                     `json:"summary"`
	Counts       map[string]Tally            `json:"counts"`    // total per witness
	Customers    map[string]map[string]Tally `json:"customers"` // customer -> witness -> tally
	Absent       map[string]string           `json:"absent,omitempty"`
	Settlement   Settlement                  `json:"settlement"`
	Usage        []Usage                     `json:"usage"`
	Host         HostUsage                   `json:"host"`
	Bottleneck   string                      `json:"bottleneck,omitempty"`    // client, proxy, backend, server, kernel, host or unknown
	Means        string                      `json:"bottleneckOf,omitempty"`  // which of its means was at its limit, such as shard or ports
	Why          string                      `json:"bottleneckWhy,omitempty"` // how that is known, and what to do about it
	Failures     []NodeFailure               `json:"failures,omitempty"`
	Statistics   *Statistics                 `json:"statistics,omitempty"` // what the driver added up itself; nil where it did not
	Interrupted  bool                        `json:"interrupted,omitempty"`
	Error        string                      `json:"error,omitempty"`
	Capacity     *Capacity                   `json:"capacity,omitempty"`
	Disturbances []Disturbance               `json:"disturbances,omitempty"` // the faults as they were played
	Phases       []Phases                    `json:"phases,omitempty"`       // before, during and after each of them
	Charged      []Charge                    `json:"charged,omitempty"`      // what check charged found of each tracker
	Verdicts     []Verdict                   `json:"verdicts"`
}

// Summary is what the attempts of one trial add up to.
type Summary struct {
	Attempts      uint64           `json:"attempts"`
	Offered       uint64           `json:"offered"`
	OK            uint64           `json:"ok"`
	Failed        uint64           `json:"failed"`
	Indeterminate uint64           `json:"indeterminate"`
	Dynamic       uint64           `json:"dynamic"` // answers that bore the application's mark
	OverTLS       uint64           `json:"overTLS"`
	BytesIn       uint64           `json:"bytesIn"`
	Causes        map[Cause]uint64 `json:"causes,omitempty"`
	Statuses      map[int]uint64   `json:"statuses"`
	ShedLate      uint64           `json:"shedLate,omitempty"` // of those shed: they waited for the client, not for a connection
	Length        time.Duration    `json:"lengthNs"`
	OfferedRPS    float64          `json:"offeredRPS"`
	AchievedRPS   float64          `json:"achievedRPS"`
	Response      Quantiles        `json:"response"` // corrected: from the intended send time
	Service       Quantiles        `json:"service"`  // uncorrected: from the actual send time
	Lag           Quantiles        `json:"lag"`      // the generator's honesty
	GeneratorCPU  time.Duration    `json:"generatorCpuNs"`
	Series        []Moment         `json:"series,omitempty"` // at most 300 slices of time, equal but for the last one of totals
	Sustained     *Sustained       `json:"sustained,omitempty"`
}

// Quantiles describes a distribution of durations from a HdrHistogram with
// three significant digits.
type Quantiles struct {
	N        uint64          `json:"n"`
	Min      time.Duration   `json:"minNs"`
	Mean     time.Duration   `json:"meanNs"`
	P50      time.Duration   `json:"p50Ns"`
	P90      time.Duration   `json:"p90Ns"`
	P99      time.Duration   `json:"p99Ns"`
	P999     time.Duration   `json:"p999Ns"`
	Max      time.Duration   `json:"maxNs"`
	Spectrum []SpectrumPoint `json:"spectrum,omitempty"` // for a plot over "nines"
}

// SpectrumPoint is one point of a percentile curve.
type SpectrumPoint struct {
	Quantile float64       `json:"quantile"` // 0 to 1
	Value    time.Duration `json:"valueNs"`
}

// Moment is one slice of a trial's time.
type Moment struct {
	At     time.Duration `json:"atNs"` // its beginning
	Length time.Duration `json:"lengthNs"`
	Done   uint64        `json:"done"` // attempts that ended in it
	Errors uint64        `json:"errors"`
	Denied uint64        `json:"denied,omitempty"` // by the proxy, as customers have limits: no errors
	P50    time.Duration `json:"p50Ns"`            // response time of the attempts that ended in it
	P99    time.Duration `json:"p99Ns"`
}

// Sustained is the bracket that one search found: MetRPS was completed within
// the objective, ViolatedRPS was offered and was not.
type Sustained struct {
	MetRPS      float64 `json:"metRPS"`      // 0 where not even the first stair met the objective
	ViolatedRPS float64 `json:"violatedRPS"` // 0 where every stair met it: the maximum lies higher
	Why         string  `json:"why"`         // what broke at the violated stair
	Stairs      []Stair `json:"stairs"`
}

// Stair is one step of a search.
type Stair struct {
	OfferedRPS  float64       `json:"offeredRPS"`
	AchievedRPS float64       `json:"achievedRPS"`
	Quantile    time.Duration `json:"quantileNs"` // the objective's quantile of response time
	Errors      uint64        `json:"errors"`
	Met         bool          `json:"met"`
}

// Curve is one line of a plot: sustained rate over an axis.
type Curve struct {
	Name   string       `json:"name"` // such as "through HAProxy"
	XLabel string       `json:"xLabel"`
	YLabel string       `json:"yLabel"`
	Points []CurvePoint `json:"points"`
}

// CurvePoint is the median over trials with its interval.
type CurvePoint struct {
	X          float64 `json:"x"`
	Median     float64 `json:"median"`
	Low        float64 `json:"low"` // of the interval: bootstrap over trials, widened to the bracket of the search
	High       float64 `json:"high"`
	N          int     `json:"n"` // trials
	Bottleneck string  `json:"bottleneck"`
}
