package harness

import "time"

// Users make one request after the other: each waits for its answer, thinks, and asks again. With
// a Count there are always so many of them (a closed loop), over as many connections in clear unless
// Connect.Most allows fewer: who asks takes one that is idle. Over TLS a connection belongs to a host, so
// there may be more or fewer, and over HTTP/2 users share them. Without a Count they arrive at the
// workload's rate, and each asks Requests times.
type Users struct {
	Count    int           `yaml:"count" json:"count,omitempty"`       // so many at a time; 0 means that they arrive at the workload's rate
	Requests int           `yaml:"requests" json:"requests,omitempty"` // attempts of one user; with a Count, 0 means until the end
	Think    time.Duration `yaml:"think" json:"thinkNs,omitempty"`     // mean pause from the end of an answer to the next request
	Thinking string        `yaml:"thinking" json:"thinking,omitempty"` // how pauses are spread: fixed (default) or exponential
	Cookies  bool          `yaml:"cookies" json:"cookies,omitempty"`   // keep what answers set, and send it with the next request
}

// How pauses are spread. The zero value means ThinkFixed.
const (
	ThinkFixed       = "fixed"
	ThinkExponential = "exponential"
)
