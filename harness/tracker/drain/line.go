package drain

// The longest names that a line may hold, in bytes, decoded.
const (
	MaxSource     = 64
	MaxGeneration = 64
	MaxCustomer   = 1024
)

// Line is one answer of a stopping process.
type Line struct {
	Mark
	Customer string // any bytes; empty if the answer named an empty one
}

// Mark identifies a line.
type Mark struct {
	Process
	Seq uint64
}

// Process is one run of a source: HAProxy between its start and its end.
type Process struct {
	Source, Generation string
}
