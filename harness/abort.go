package harness

import "math/rand/v2"

// Abort has some of the clients leave before their answer is complete. They close
// the connection as a browser does whose user goes elsewhere: the kernel says that
// with FIN, and with RST as soon as bytes of the answer have come that nobody read.
type Abort struct {
	Share Share     `yaml:"share" json:"share"` // of the attempts; but for asked, of those that ask for PHP
	When  AbortWhen `yaml:"when" json:"when"`
}

// AbortWhen says how far an attempt comes before its client leaves.
type AbortWhen string

// The moments at which clients leave.
const (
	AbortAsked   AbortWhen = "asked"   // the request is sent, nothing of the answer has been read
	AbortHeaders AbortWhen = "headers" // the header of the answer has been read, nothing of its body
	AbortBody    AbortWhen = "body"    // a part of the body has been read
)

// Chooses says whether the client of an attempt is one that leaves: a pure function
// of the workload's seed and the attempt's sequence id. Nobody leaves where there is
// no Abort.
func (a *Abort) Chooses(seed, seq uint64) bool {
	return a != nil && float64(rand.NewPCG(seed, seq).Uint64()>>11)/(1<<53) < float64(a.Share)
}
