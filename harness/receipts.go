package harness

// Span is an inclusive range of sequence ids.
type Span struct {
	First uint64 `json:"first"`
	Last  uint64 `json:"last"`
}

// Receipts is what the origin logged by sequence id: which ids arrived, and how
// often those that arrived more than once did. It is compact because ids that
// arrived are nearly contiguous.
type Receipts struct {
	Spans   []Span            `json:"spans"`             // ids that arrived at least once, ascending, disjoint
	Repeats map[uint64]uint64 `json:"repeats,omitempty"` // ids that arrived more than once -> how often
	Strange uint64            `json:"strange,omitempty"` // log lines without a readable sequence id
}
