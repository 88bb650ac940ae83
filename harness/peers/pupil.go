package peers

import (
	"fmt"
	"slices"
	"sync"
)

// pupil is what a session knows about the peer as one that learns from us.
type pupil struct {
	sync.Mutex
	theirs  map[string]*Definition // the peer's own tables
	lessons []*lesson              // by our number of the table less 1
	current *lesson                // that we defined last
	pending int                    // answers to resync requests without a confirmation
	changed chan struct{}          // closed when lessons move on; nil if nobody waits
}

// find returns the lesson about a table, the newest one if there are several.
func (p *pupil) find(table string) *lesson {
	for _, l := range slices.Backward(p.lessons) {
		if l.def.Name == table {
			return l
		}
	}
	return nil
}

// watch returns how far the peer is, and a channel that is closed when that changes.
func (p *pupil) watch(table string) (Taught, <-chan struct{}) {
	p.Lock()
	defer p.Unlock()
	if p.changed == nil {
		p.changed = make(chan struct{})
	}
	if l := p.find(table); l != nil {
		return l.taught, p.changed
	}
	return Taught{}, p.changed
}

// moved wakes those who wait for the peer.
func (p *pupil) moved() {
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// lesson finds the lesson about a table, or begins it. A table that turns out to
// have other keys begins anew, with another number: the peer has ignored the first.
func (p *pupil) lesson(def *Definition) (*lesson, error) {
	if err := def.teachable(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnfit, err)
	}
	ours := *def
	ours.Fields = slices.Clone(def.Fields)
	if theirs, ok := p.theirs[def.Name]; ok {
		if theirs.KeyType != def.KeyType {
			return nil, fmt.Errorf("%w: the peer's table %s has %v keys, not %v", ErrUnfit, def.Name, theirs.KeyType, def.KeyType)
		}
		ours.KeyLen = theirs.KeyLen
	}
	l := p.find(def.Name)
	if l == nil || l.def.KeyType != ours.KeyType || l.def.KeyLen != ours.KeyLen {
		return p.enter(&ours)
	}
	ours.ID = l.def.ID
	if ours.Expire != l.def.Expire || !slices.Equal(ours.Fields, l.def.Fields) {
		l.def = &ours
		p.current = nil // to define it again
	}
	return l, nil
}

func (p *pupil) enter(def *Definition) (*lesson, error) {
	if len(p.lessons) >= DefaultMaxTables {
		return nil, fmt.Errorf("%w: %w: more than %d tables taught", ErrUnfit, ErrSize, DefaultMaxTables)
	}
	l := &lesson{def: def}
	p.lessons = append(p.lessons, l)
	def.ID = uint64(len(p.lessons))
	return l, nil
}

// defined notes the peer's own definition of a table. It says whether the table was
// taught with keys of another length.
func (p *pupil) defined(def *Definition) (ignored bool) {
	p.Lock()
	defer p.Unlock()
	if p.theirs[def.Name] == def {
		return false
	}
	if p.theirs == nil {
		p.theirs = make(map[string]*Definition)
	}
	p.theirs[def.Name] = def // as many as the decoder admits
	l := p.find(def.Name)
	return l != nil && l.def.KeyType == def.KeyType && l.def.KeyLen != def.KeyLen
}

// acked finds the table by the number that we have given it.
func (p *pupil) acked(a Ack) {
	p.Lock()
	defer p.Unlock()
	if a.TableID == 0 || a.TableID > uint64(len(p.lessons)) {
		return
	}
	p.lessons[a.TableID-1].acked(a.ID)
	p.moved()
}

// answered notes that the peer is told to have heard everything.
func (p *pupil) answered() {
	p.Lock()
	defer p.Unlock()
	p.pending++
	for _, l := range p.lessons {
		l.atAnswer = l.taught.Sent
	}
}

// confirmed takes in that the peer has read everything before our answer to its
// resync request. HAProxy does not acknowledge that since 3.3
// (peer_treat_updatemsg, src/peers.c). It confirms a table that it does not have
// as well, so the caller has to repeat one entry of each unproven table, to see
// whether that is acknowledged.
func (p *pupil) confirmed() (unproven []*lesson) {
	p.Lock()
	defer p.Unlock()
	if p.pending == 0 {
		return nil
	}
	if p.pending--; p.pending > 0 {
		return nil
	}
	for _, l := range p.lessons {
		l.confirmed = max(l.confirmed, l.atAnswer)
		if l.proven {
			l.taught.Applied = max(l.taught.Applied, l.confirmed)
		} else if l.taught.Sent > 0 {
			unproven = append(unproven, l)
		}
	}
	p.moved()
	return unproven
}
