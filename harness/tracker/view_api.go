package tracker

import "time"

// TotalsNow is Totals without the waiting: it says instead whether what it returns
// is durable.
func (s *Server) TotalsNow(into Totals) (t Totals, durable bool) {
	k := s.keeper
	k.mu.Lock()
	t = k.counts.Totals(into)
	ticket := k.applied
	k.mu.Unlock()
	return t, k.committed(ticket)
}

// Names returns the names of all customers by their numbers, as Totals does.
func (s *Server) Names() []string {
	s.keeper.mu.Lock()
	defer s.keeper.mu.Unlock()
	return s.keeper.counts.customers.list(0)
}

// Stored says whether there is a Store, and so usage by the hour and totals that
// outlive the Server.
func (s *Server) Stored() bool { return s.cfg.Store != nil }

// StoreFailure returns why nothing can be committed and since when; nil if it can.
func (s *Server) StoreFailure() (since time.Time, err error) { return s.keeper.progress.failure() }

// committed says whether what a ticket stands for is durable.
func (k *keeper) committed(ticket uint64) bool {
	k.progress.mu.Lock()
	defer k.progress.mu.Unlock()
	return k.progress.durable >= ticket
}
