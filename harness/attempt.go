package harness

import "time"

// SeqHeader carries the sequence id of an attempt to the origin, whose log is
// the receipt.
const SeqHeader = "X-Haproof-Seq"

// PHPHeader is set by the PHP application itself on every answer it gives. The
// proxy never looks at it, so it lets the client see for itself who answered.
const PHPHeader = "X-Haproof-Php"

// DynamicHeader marks dynamic answers for the proxy, which removes it.
const DynamicHeader = "X-WoltLab-Cloud-Dynamic"

// Attempt is one request as the client saw it. Times are offsets from the
// beginning of the trial (Record.Began).
type Attempt struct {
	Seq      uint64        // unique within the trial
	Key      string        // customer that owns the host; empty for hosts that nobody is charged for
	Stair    int           // stair of a search, 0 first; 0 outside a search
	Intended time.Duration // when the schedule wanted it sent
	Sent     time.Duration // when it was handed to the transport
	Done     time.Duration // when the last byte was read, or the error was seen
	Status   int           // HTTP status, 0 without an answer
	Bytes    uint64        // body bytes received
	Queued   time.Duration // part of Sent - Intended in which it waited for a connection, because as many were busy as may be open
	Route    uint16        // index into Driven.Routes, 0 where there are none
	TLS      bool
	Dynamic  bool // OK: the answer bore the application's own mark. Otherwise: the target asks for PHP
	Outcome  Outcome
	Cause    Cause // empty for an attempt that went as the target expects
}

// Latency is the time from the intended send time to the end: what a user feels.
func (a Attempt) Latency() time.Duration { return a.Done - a.Intended }

// Service is the uncorrected time from the actual send time to the end.
func (a Attempt) Service() time.Duration { return a.Done - a.Sent }

// Lag is how late the generator sent, what it waited for a connection left out.
func (a Attempt) Lag() time.Duration { return a.Sent - a.Intended - a.Queued }

// Outcome says whether the attempt was charged, as far as the client can know.
type Outcome uint8

// The outcomes. The zero value is the honest default.
const (
	Indeterminate Outcome = iota // bytes left, but no answer that settles it came back
	OK                           // an answer came back, whatever its status: complete, or left by the client after its whole header
	Failed                       // it certainly never reached an origin
)

// Cause is why an attempt did not go as its target expects.
type Cause string

// The causes of failed attempts.
const (
	CauseConnect     Cause = "connect"     // no connection
	CauseTLS         Cause = "tls"         // handshake or certificate
	CauseTimeout     Cause = "timeout"     // the client's patience ended
	CauseReset       Cause = "reset"       // connection ended before the answer did
	CauseStatus      Cause = "status"      // complete answer, another status than the target's
	CauseDenied      Cause = "denied"      // 429 without the application's mark: the proxy denied a customer, who is not charged
	CauseAborted     Cause = "aborted"     // the client left, as the workload wants some to
	CauseBody        Cause = "body"        // complete answer, wrong size or wrong author
	CauseProtocol    Cause = "protocol"    // bytes that are not HTTP
	CauseShed        Cause = "shed"        // never sent: when its turn came its client's patience had ended
	CauseDescriptors Cause = "descriptors" // the client ran out of file descriptors
	CausePorts       Cause = "ports"       // the client ran out of local ports
	CauseResources   Cause = "resources"   // the client ran out of memory or buffers; in older records also of descriptors or ports
)
