//go:build amd64 || arm64

package driver

const (
	// mostSpare bounds the buffers and connections kept for another use.
	mostSpare = 64
	// largestSpare bounds each of the buffers.
	largestSpare = 16 << 10
)

// keep puts bytes into a buffer that is in use only while it holds some, so that
// an idle connection has none.
func (s *shard) keep(into *[]byte, b []byte) {
	if len(b) == 0 {
		s.giveBack(into)
		return
	}
	if last := len(s.spare) - 1; cap(*into) == 0 && last >= 0 {
		*into = s.spare[last]
		s.spare = s.spare[:last]
	}
	*into = append((*into)[:0], b...) // b may be the end of it
}

// giveBack empties a buffer.
func (s *shard) giveBack(from *[]byte) {
	if c := cap(*from); c > 0 && c <= largestSpare && len(s.spare) < mostSpare {
		s.spare = append(s.spare, (*from)[:0])
	}
	*from = nil
}
