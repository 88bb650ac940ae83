package driver

import (
	"time"

	"github.com/haproof/haproof/harness"
)

// longBytes is the body of a page that clients leave within: more than the sockets
// and buffers between PHP and a client take in, or nobody but the client would know
// that it left.
const longBytes = 8 << 20

// leaving says whose clients leave early, and when.
type leaving struct {
	seed  uint64
	abort *harness.Abort
}

func newLeaving(w harness.Workload) leaving { return leaving{seed: w.Seed, abort: w.Abort} }

// of returns when the client of attempt k leaves, empty for never. Answers that are
// not PHP's are too short to be left within.
func (l leaving) of(k uint64, target *Target) harness.AbortWhen {
	if !l.abort.Chooses(l.seed, k) || l.abort.When != harness.AbortAsked && !target.Dynamic {
		return ""
	}
	return l.abort.When
}

// within says whether the client of attempt k leaves within its answer, where PHP
// gives it.
func (l leaving) within(k uint64) bool {
	return l.abort.Chooses(l.seed, k) && l.abort.When != harness.AbortAsked
}

// longPage is an answer of the PHP application that the client leaves within.
func longPage(r *random, work time.Duration, path []byte) (Target, []byte) {
	return Target{Method: "GET", Status: 200, Bytes: longBytes, Dynamic: true}, appendApplication(path, r, 200, longBytes, work)
}
