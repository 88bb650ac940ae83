package containers

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
)

func init() {
	toxics.Register("silence", new(silenceToxic))
	toxics.Register("trickle", new(trickleToxic))
}

// poison adds a toxic to both directions of all connections, present and future. The
// attributes are those of the toxic.
func (r *relay) poison(kind string, attributes any) error {
	var errs []error
	for _, direction := range []string{"upstream", "downstream"} {
		text, err := json.Marshal(map[string]any{
			"name": kind + direction, "type": kind, "stream": direction, "toxicity": 1, "attributes": attributes,
		})
		if err == nil {
			_, err = r.links.AddToxicJson(strings.NewReader(string(text)))
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// cure takes a toxic out of both directions.
func (r *relay) cure(kind string) error {
	return errors.Join(r.links.RemoveToxic(context.Background(), kind+"upstream"), r.links.RemoveToxic(context.Background(), kind+"downstream"))
}

// silenceToxic loses all bytes. Unlike Toxiproxy's "timeout" it loses ends of
// connections too: whoever is connected is not told that the other side has gone.
// Before it is taken out, the connections must be closed.
type silenceToxic struct{}

// Pipe loses what comes until it is interrupted, and then until the end, which the
// closed connection brings: whoever comes before it in the chain must not be left with
// a chunk that nobody takes.
func (*silenceToxic) Pipe(stub *toxics.ToxicStub) {
	for ended, interrupted := false, false; !ended || !interrupted; {
		input := stub.Input
		if ended {
			input = nil
		}
		select {
		case chunk := <-input:
			ended = chunk == nil
		case <-stub.Interrupt:
			interrupted = true
		}
	}
}

// Cleanup ends the connection, of which bytes are missing.
func (*silenceToxic) Cleanup(stub *toxics.ToxicStub) { stub.Close() }

// trickleToxic passes Rate bytes per second. Toxiproxy's "bandwidth" counts in KB and
// logs to standard error.
type trickleToxic struct {
	Rate int `json:"rate"`
}

// trickleEvery is the time between two pieces.
const trickleEvery = 100 * time.Millisecond

// Pipe passes what comes in small pieces. When it is interrupted it passes the rest of
// the chunk that it has at once.
func (t *trickleToxic) Pipe(stub *toxics.ToxicStub) {
	tick := time.NewTicker(trickleEvery)
	defer tick.Stop()
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			if chunk == nil {
				stub.Close()
				return
			}
			if !t.pass(stub, chunk, tick.C) {
				stub.Output <- chunk
				return
			}
		}
	}
}

// pass passes a chunk piece by piece. It returns false when it was interrupted; the
// chunk has the rest then.
func (t *trickleToxic) pass(stub *toxics.ToxicStub, chunk *stream.StreamChunk, tick <-chan time.Time) bool {
	most := max(1, t.Rate*int(trickleEvery)/int(time.Second))
	for len(chunk.Data) > 0 {
		select {
		case <-stub.Interrupt:
			return false
		case <-tick:
		}
		n := min(most, len(chunk.Data))
		stub.Output <- &stream.StreamChunk{Data: chunk.Data[:n], Timestamp: chunk.Timestamp}
		chunk.Data = chunk.Data[n:]
	}
	return true
}
