package simproxy

import "math"

// lesson says how far an answer to a tracker's resync request has come.
type lesson uint8

const (
	notTeaching   lesson = iota
	teachingNewer        // changes of our own since the last acknowledged one
	teachingLearned
	teachingOlder
	awaitingConfirm
)

// teach appends all entries, learned ones included, in the order of their numbers
// from the acknowledged one around to it again.
func (l *link) teach(b []byte) []byte {
	t := &l.proxy.table
	w := l.pass(!l.proxy.cfg.Untimed)
	b = w.define(b)
	if l.teaching == teachingNewer {
		if b = l.teachChanges(b, w, math.MaxUint64); len(b) >= fillSize {
			return b
		}
		l.teaching, l.at = teachingLearned, 0
	}
	if l.teaching == teachingLearned {
		for ; l.at < uint64(len(t.learned)); l.at++ {
			if len(b) >= fillSize {
				return b
			}
			if i := t.learned[l.at]; t.entries[i].learned && !t.entries[i].dead {
				b = w.update(b, i)
			}
		}
		l.teaching, l.at = teachingOlder, 0
	}
	if b = l.teachChanges(b, w, l.origin); len(b) >= fillSize {
		return b
	}
	l.teaching = awaitingConfirm
	if l.proxy.section == finished {
		return append(b, classControl, resyncFinished)
	}
	return append(b, classControl, resyncPartial)
}

func (l *link) teachChanges(b []byte, w *pass, until uint64) []byte {
	t := &l.proxy.table
	for _, s := range t.after(l.at) {
		if s.seq > until || len(b) >= fillSize {
			return b
		}
		l.at = s.seq
		if !t.stale(s) {
			b = w.update(b, s.entry)
		}
	}
	return b
}
