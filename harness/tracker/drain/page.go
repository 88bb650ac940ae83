package drain

import "math/bits"

const pageSize = 512

// page has a bit for each of 512 numbers.
type page [pageSize / 64]uint64

// count returns how many are set.
func (p *page) count() uint64 {
	n := 0
	for _, w := range p {
		n += bits.OnesCount64(w)
	}
	return uint64(n)
}
