package harness

import (
	"fmt"
	"time"

	"github.com/haproof/haproof/harness/stats"
)

// Statistics are what a driver adds up itself while it drives, in memory that does
// not grow with the number of attempts. Attempts of a soft start are counted, and
// left out of all times.
type Statistics struct {
	Classes  Classes          `json:"classes"`
	Causes   map[Cause]uint64 `json:"causes,omitempty"`
	Statuses map[int]uint64   `json:"statuses,omitempty"` // HTTP status -> attempts; without those that got no answer
	Bytes    uint64           `json:"bytes"`              // of bodies received
	Soft     uint64           `json:"soft,omitempty"`     // attempts of the soft start

	Response  Distribution `json:"response"`  // of all attempts: intended send time to last byte, or to the client's giving up
	Service   Distribution `json:"service"`   // of those that were sent, as the following: actual send time to last byte
	Lag       Distribution `json:"lag"`       // how late they were sent, what they waited for a connection left out
	Queued    Distribution `json:"queued"`    // how long they waited for a connection
	FirstByte Distribution `json:"firstByte"` // actual send time to the first byte of the answer, of those that got one
	Connect   Distribution `json:"connect"`   // of new connections: until they stood
	Handshake Distribution `json:"handshake"` // of new connections over TLS: from there until TLS stood

	Routes      []StatisticsRow `json:"routes,omitempty"` // at most MaxRouteRows, the busiest first; none where there is one route without a name
	OtherRoutes *StatisticsRow  `json:"otherRoutes,omitempty"`
	Hosts       []StatisticsRow `json:"hosts,omitempty"` // at most MaxHostRows, the busiest first
	OtherHosts  *StatisticsRow  `json:"otherHosts,omitempty"`
	MoreHosts   int             `json:"moreHosts,omitempty"` // in a result: hosts with a row in the record alone
}

// How many routes and hosts have a row of their own; the others share one. The first
// routes have one. Of more hosts than that, those have one whose names have the lowest
// hash: a sample that is the same however attempts are spread over threads.
const (
	MaxRouteRows = 64
	MaxHostRows  = 1000
)

// Classes are the ledger of the client: each attempt that the schedule wanted is in
// one class. Scheduled is Shed plus Sent, and Sent is Completed plus Refused plus
// Unknown.
type Classes struct {
	Scheduled uint64 `json:"scheduled"`
	Shed      uint64 `json:"shed"`      // never sent: its client's patience had ended before
	Sent      uint64 `json:"sent"`      // or tried to
	Completed uint64 `json:"completed"` // answered
	Refused   uint64 `json:"refused"`   // certainly never reached an origin
	Unknown   uint64 `json:"unknown"`   // left, and no complete answer came back
}

// Add counts one attempt.
func (c *Classes) Add(a *Attempt) {
	c.Scheduled++
	if a.Cause == CauseShed {
		c.Shed++
		return
	}
	c.Sent++
	switch a.Outcome {
	case OK:
		c.Completed++
	case Failed:
		c.Refused++
	default:
		c.Unknown++
	}
}

// Merge adds what other counted.
func (c *Classes) Merge(other Classes) {
	c.Scheduled += other.Scheduled
	c.Shed += other.Shed
	c.Sent += other.Sent
	c.Completed += other.Completed
	c.Refused += other.Refused
	c.Unknown += other.Unknown
}

// Distribution is a distribution of durations with all of its histogram, so that
// others can read and merge it.
type Distribution struct {
	Quantiles
	Histogram string `json:"histogram,omitempty"` // HdrHistogram V2, compressed, base64, of nanoseconds; empty where n is 0
}

// DistributionOf describes a histogram, without points for a plot.
func DistributionOf(h *stats.Histogram) (Distribution, error) {
	d := Distribution{Quantiles: plainQuantilesOf(h)}
	if d.N == 0 {
		return d, nil
	}
	var err error
	if d.Histogram, err = h.Encode(); err != nil {
		return d, fmt.Errorf("encode histogram: %w", err)
	}
	return d, nil
}

// Plot returns the quantiles with the points of their curve.
func (d Distribution) Plot() (Quantiles, error) {
	h, err := d.Decode()
	if err != nil || h.Count() == 0 {
		return d.Quantiles, err
	}
	q := d.Quantiles
	q.Spectrum = quantilesOf(h).Spectrum
	return q, nil
}

// Decode returns the histogram, whose quantiles are those of the distribution.
func (d Distribution) Decode() (*stats.Histogram, error) {
	if d.Histogram == "" {
		return stats.NewHistogram(), nil
	}
	h, err := stats.Decode(d.Histogram)
	if err != nil {
		return nil, err
	}
	return h, h.Within(d.Min, d.Max)
}

// StatisticsRow is what the attempts of one route, or of one host, add up to. Its
// quantiles are of response times, from the intended send time: never below the exact
// ones, and at most a sixteenth above.
type StatisticsRow struct {
	Name     string        `json:"name"`
	Attempts uint64        `json:"attempts"`
	Errors   uint64        `json:"errors"`           // with any cause but denied and aborted
	Denied   uint64        `json:"denied,omitempty"` // by the proxy
	Bytes    uint64        `json:"bytes"`
	P50      time.Duration `json:"p50Ns"`
	P99      time.Duration `json:"p99Ns"`
	Max      time.Duration `json:"maxNs"` // exact
}

// OtherRows is the name of the row that those share who have none of their own.
const OtherRows = "others"

// Timed says whether an attempt counts for times: those of the soft start do not.
func (w *Workload) Timed(a *Attempt) bool { return a.Intended >= w.SoftStart }
