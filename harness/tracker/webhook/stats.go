package webhook

import "time"

// Stats tell how a Sender fares.
type Stats struct {
	Delivered uint64 // messages, since the start
	Failed    uint64 // attempts, since the start
	Refused   uint64 // of these, those that the receiver will not have

	Failing int       // messages that have failed and wait in the outbox
	Oldest  time.Time // when the message that waits longest was created; zero if none was seen

	LastDelivered time.Time // zero if nothing was
	LastError     string    // of an attempt or of the outbox; empty if there was none
	LastErrorAt   time.Time
}

// Stats returns how the Sender fares.
func (s *Sender) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Failing = s.troubles.count()
	return stats
}

// noteOldest is told what the outbox has.
func (s *Sender) noteOldest(found []Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Oldest = time.Time{}
	if len(found) > 0 {
		s.stats.Oldest = found[0].Created
	}
}

func (s *Sender) noteAttempt(o outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.err != nil {
		s.stats.Failed++
	}
	if o.refused {
		s.stats.Refused++
	}
}

func (s *Sender) noteDelivered(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Delivered++
	s.stats.LastDelivered = at
}

// report notes a failure and passes it on.
func (s *Sender) report(f Failure) {
	s.mu.Lock()
	s.stats.LastError, s.stats.LastErrorAt = f.Err.Error(), time.Now()
	s.mu.Unlock()
	if s.cfg.Report != nil {
		s.cfg.Report(f)
	}
}
