package drain

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Limits bound what Seen remembers. A zero field means the default beside it.
//
// A page holds 512 numbers in about 110 bytes: numbers that follow each other cost
// 2 bits each, numbers far from each other a page each. With the defaults, Seen stays
// below 50 MiB.
type Limits struct {
	Pages     int // 262,144
	Processes int // that may still log; 4,096
	Closed    int // processes that are over, which are remembered for ever; 131,072
}

func (l Limits) withDefaults() Limits {
	l.Pages = cmp.Or(l.Pages, 1<<18)
	l.Processes = cmp.Or(l.Processes, 1<<12)
	l.Closed = cmp.Or(l.Closed, 1<<17)
	return l
}

// Admission is what becomes of a line.
type Admission uint8

// The admissions. Only a fresh line may be counted.
const (
	Fresh    Admission = iota // never seen; it is remembered now
	Repeated                  // was fresh before
	Closed                    // its process is over, nobody knows whether it was fresh
	Full                      // cannot be remembered, so it must not be counted
)

// Seen knows which lines were counted. It has no clock and no disk: whoever counts a
// fresh line stores its Mark in the same transaction as the count, and each Process
// that Close returned, and restores both before the first Add.
//
// A line that is not remembered is refused, never counted on suspicion.
type Seen struct {
	limits  Limits
	open    map[Process]*process
	closed  map[Process]struct{}
	pages   int
	numbers uint64
	last    struct { // the process of the last line
		Process
		*process
	}
}

// process is what has been seen of an open one.
type process struct {
	pages map[uint64]*page // by seq / pageSize
	heard time.Time        // when its last line came
}

// NewSeen returns a Seen that has seen nothing.
func NewSeen(l Limits) *Seen {
	return &Seen{limits: l.withDefaults(), open: make(map[Process]*process), closed: make(map[Process]struct{})}
}

// Add says what becomes of a line that came at the time at.
func (s *Seen) Add(m Mark, at time.Time) Admission {
	p, refused := s.process(m.Process)
	if p == nil {
		return refused
	}
	if at.After(p.heard) {
		p.heard = at
	}
	key, word, bit := m.Seq/pageSize, m.Seq%pageSize/64, uint64(1)<<(m.Seq%64)
	sheet := p.pages[key]
	if sheet == nil {
		if s.pages >= s.limits.Pages {
			return Full
		}
		sheet = new(page)
		p.pages[key] = sheet
		s.pages++
	}
	if sheet[word]&bit != 0 {
		return Repeated
	}
	sheet[word] |= bit
	s.numbers++
	return Fresh
}

// process returns nil and the reason if the process may not log.
func (s *Seen) process(id Process) (*process, Admission) {
	if s.last.process != nil && s.last.Process == id {
		return s.last.process, Fresh
	}
	if _, over := s.closed[id]; over {
		return nil, Closed
	}
	p := s.open[id]
	if p == nil {
		if len(s.open) >= s.limits.Processes {
			return nil, Full
		}
		p = &process{pages: make(map[uint64]*page)}
		s.open[id] = p
	}
	s.last.Process, s.last.process = id, p
	return p, Fresh
}

// Restore enters a stored Mark; at is when its line came, or a later time. The error
// is that it does not fit within the limits: going on would count the line again.
func (s *Seen) Restore(m Mark, at time.Time) error {
	if s.Add(m, at) == Full {
		return fmt.Errorf("remember line %d of %s, process %s: already %d pages (limit %d) of %d processes (limit %d)",
			m.Seq, m.Source, m.Generation, s.pages, s.limits.Pages, len(s.open), s.limits.Processes)
	}
	return nil
}

// RestoreClosed enters a process that Close has returned. The error is that there are
// too many.
func (s *Seen) RestoreClosed(p Process) error {
	if _, ok := s.closed[p]; !ok && len(s.closed) >= s.limits.Closed {
		return fmt.Errorf("remember that process %s of %s is over: already %d, limit %d",
			p.Generation, p.Source, len(s.closed), s.limits.Closed)
	}
	s.end(p)
	return nil
}

// Close ends the processes that have logged nothing since before, and returns them in
// order. Their marks are forgotten, which is safe, because further lines of them are
// refused. A process that is still needed must be younger: an old worker may live for
// days. When as many are closed as the limit says, the rest stay open.
func (s *Seen) Close(before time.Time) []Process {
	var over []Process
	for id, p := range s.open {
		if p.heard.Before(before) {
			over = append(over, id)
		}
	}
	slices.SortFunc(over, compareProcesses)
	over = over[:min(len(over), s.limits.Closed-len(s.closed))]
	for _, id := range over {
		s.end(id)
	}
	return over
}

func (s *Seen) end(id Process) {
	if p := s.open[id]; p != nil {
		s.pages -= len(p.pages)
		for _, sheet := range p.pages {
			s.numbers -= sheet.count()
		}
		delete(s.open, id)
		s.last.process = nil
	}
	s.closed[id] = struct{}{}
}

// SeenStats is how much is remembered.
type SeenStats struct {
	Numbers   uint64 // of lines
	Pages     int
	Processes int // open
	Closed    int
}

// Stats returns how much is remembered.
func (s *Seen) Stats() SeenStats {
	return SeenStats{Numbers: s.numbers, Pages: s.pages, Processes: len(s.open), Closed: len(s.closed)}
}

func compareProcesses(a, b Process) int {
	return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Generation, b.Generation))
}
