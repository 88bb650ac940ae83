package tracker

import (
	"errors"
	"fmt"
)

// reason says why an observation was refused.
type reason uint8

const (
	noGeneration reason = iota
	longKey
	longGeneration
	tooManyCustomers
	tooManyKeys
	tooManyBooks
	tooManyClosed
	tooManyOrigins
	fullLog
	generationClosed
	generationCopied
	reasons // how many there are
)

var reasonTexts = [reasons]string{
	noGeneration:     "key without a generation: want customer|generation",
	longKey:          fmt.Sprintf("key of more than %d bytes", maxKey),
	longGeneration:   fmt.Sprintf("generation of more than %d bytes", maxGeneration),
	tooManyCustomers: fmt.Sprintf("already %d customers, or %d bytes of names", maxCustomers, maxNameBytes),
	tooManyKeys:      fmt.Sprintf("already %d keys", maxKeys),
	tooManyBooks:     fmt.Sprintf("already %d generations, or %d of one source", maxBooks, maxBooksEach),
	tooManyClosed:    fmt.Sprintf("already %d generations of dead processes: no more can be summed up", maxClosed),
	tooManyOrigins:   fmt.Sprintf("already %d sources", maxOrigins),
	fullLog:          "too many lines of the log to remember: not counted, so that it is never counted twice",
	generationClosed: "its generation was closed, as that of a dead process or as one that another peer has too",
	generationCopied: "its generation was counted from a copy that another peer had, and is closed",
}

// Complaint says why something could not be counted.
type Complaint struct {
	Source string
	Err    error
}

// gripes are the complaints that nobody has taken yet: one of each reason in an hour.
type gripes struct {
	hours [reasons]Hour // of the last complaint, plus 1
	list  []Complaint
}

// refuse complains about a key.
func (c *Counts) refuse(why reason, s *Session, key []byte) Effect {
	c.complain(why, s.Source, key)
	return Refused
}

func (c *Counts) complain(why reason, source string, key []byte) {
	if c.gripes.hours[why] == c.hour+1 {
		return
	}
	c.gripes.hours[why] = c.hour + 1
	const shown = 100 // bytes
	err := errors.New(reasonTexts[why])
	if key != nil {
		err = fmt.Errorf("key %q: %w", key[:min(len(key), shown)], err)
	}
	c.gripes.list = append(c.gripes.list, Complaint{Source: source, Err: err})
}

// Complaints returns what could not be counted since it was last called: the first of
// each reason in an hour.
func (c *Counts) Complaints() []Complaint {
	list := c.gripes.list
	c.gripes.list = nil
	return list
}
