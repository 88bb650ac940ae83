package tracker

import "strings"

// arenaSize is how much memory an arena takes at a time, in bytes.
const arenaSize = 64 << 10

// arena keeps many short strings in few pieces of memory.
type arena struct {
	piece strings.Builder // never grown beyond its capacity: what was cut from it stays
	size  int             // of all pieces, in bytes
}

func (a *arena) keep(text string) string {
	if a.piece.Cap()-a.piece.Len() < len(text) {
		a.piece.Reset()
		a.piece.Grow(max(arenaSize, len(text)))
		a.size += a.piece.Cap()
	}
	start := a.piece.Len()
	a.piece.WriteString(text)
	return a.piece.String()[start:]
}
