package lies

import (
	"context"
	"errors"
	"slices"

	"github.com/haproof/haproof/harness/tracker"
)

// heldBack is how many batches a hasty store has only promised to keep.
const heldBack = 8

// hasty says at once that a batch is durable, and stores it some batches later. Only
// who ends it without a warning will know.
type hasty struct {
	tracker.Store
	held []*tracker.Batch
}

func newHasty(honest tracker.Store) tracker.Store { return &hasty{Store: honest} }

// Commit promises to keep the batch. What goes wrong with those before it is told by
// Close.
func (h *hasty) Commit(ctx context.Context, b *tracker.Batch) error {
	own := *b // whose slices are used again
	own.Entries, own.Growth = slices.Clone(b.Entries), slices.Clone(b.Growth)
	h.held = append(h.held, &own)
	_ = h.store(ctx, heldBack) // they stay held
	return nil
}

// store stores all but the last few.
func (h *hasty) store(ctx context.Context, but int) error {
	for len(h.held) > but {
		if err := h.Store.Commit(ctx, h.held[0]); err != nil {
			return err
		}
		h.held = h.held[1:]
	}
	return nil
}

// Close stores the rest: who stops in good order loses nothing.
func (h *hasty) Close() error {
	return errors.Join(h.store(context.Background(), 0), h.Store.Close())
}
