package check

// idSet is a set of sequence ids, at one bit each in pages of 128 KiB that
// exist only where ids are.
type idSet struct {
	pages map[uint64]*[pageIDs / 64]uint64
}

const pageIDs = 1 << 20

func newIDSet() *idSet { return &idSet{pages: map[uint64]*[pageIDs / 64]uint64{}} }

// add says whether the id is new.
func (s *idSet) add(id uint64) bool {
	page, ok := s.pages[id/pageIDs]
	if !ok {
		page = new([pageIDs / 64]uint64)
		s.pages[id/pageIDs] = page
	}
	word, bit := &page[id%pageIDs/64], uint64(1)<<(id%64)
	isNew := *word&bit == 0
	*word |= bit
	return isNew
}

func (s *idSet) has(id uint64) bool {
	page, ok := s.pages[id/pageIDs]
	return ok && page[id%pageIDs/64]&(1<<(id%64)) != 0
}
