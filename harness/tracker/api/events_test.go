package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/tracker/plan"
)

// told is one event as a client sees it.
type told struct{ id, kind, data string }

// ear listens to events.
type ear struct {
	t      testing.TB
	resp   *http.Response
	events chan told // closed at the end of the stream
}

func (r *rig) listen(headers ...string) *ear {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), "GET", "http://"+r.addr+"/v1/events", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		r.t.Fatalf("events: %s", resp.Status)
	}
	e := &ear{t: r.t, resp: resp, events: make(chan told, 1000)}
	go e.hear()
	return e
}

func (e *ear) hear() {
	defer close(e.events)
	var one told
	for lines := bufio.NewScanner(e.resp.Body); lines.Scan(); {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch field {
		case "id":
			one.id = value
		case "event":
			one.kind = value
		case "data":
			one.data = value
		case "":
			if one.kind != "" {
				e.events <- one
			}
			one = told{}
		}
	}
}

// next returns the next event of a kind.
func (e *ear) next(kind string) told {
	e.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case one, ok := <-e.events:
			if !ok {
				e.t.Fatalf("stream ended without %s", kind)
			}
			if one.kind == kind {
				return one
			}
		case <-deadline:
			e.t.Fatalf("no event %s", kind)
		}
	}
}

func decode[T any](t testing.TB, text string) (value T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return value
}

func TestEventsTellWhatChanged(t *testing.T) {
	store := &memory{}
	r := serving(t, Config{}, store)
	e := r.listen()
	p := r.call("hap1", 7)
	if got := decode[SourceEvent](t, e.next("source").data); got != (SourceEvent{"hap1", 1, 7, "asked"}) {
		t.Errorf("got %+v", got)
	}
	p.push("a|1", 5, "50%|1", 7)
	first := decode[CountsEvent](t, e.next("counts").data)
	if first.Growth == 5 || first.Growth == 7 { // the look came between the two
		first.Total = decode[CountsEvent](t, e.next("counts").data).Total
	} else if c := first.Customers; len(c) != 2 || c[0] != (CustomerEvent{"50%25", 7, 7}) || c[1] != (CustomerEvent{"a", 5, 5}) || first.Others != 0 {
		t.Errorf("got %+v, want both customers", first)
	}
	if first.Total != 12 {
		t.Errorf("total %d, want 12", first.Total)
	}
	p.Finished()
	p.push("a|1", 6)
	if got := decode[SourceEvent](t, e.next("source").data); got.Resync != "finished" {
		t.Errorf("got %+v, want its resync finished", got)
	}
	store.fail(errors.New("disk is full"))
	p.say("a|1", 8)
	if got := decode[StoreEvent](t, e.next("store").data); got.OK || got.Error != "disk is full" || got.Since == nil {
		t.Errorf("got %+v, want a store that fails", got)
	}
	store.fail(nil)
	if got := decode[StoreEvent](t, e.next("store").data); !got.OK || got.Error != "" || got.Since != nil {
		t.Errorf("got %+v, want a store that is well", got)
	}
	r.api.Crossed(plan.Crossing{Customer: "50%", Plan: "web", Period: plan.Total, Limit: 7, Used: 7, Percent: 100, Deny: true, At: time.Unix(0, 0).UTC()})
	want := `{"id":"00000000000000000000000000000000","customer":"50%25","plan":"web","period":"total","limit":7,"used":7,"percent":100,"deny":true,"at":"1970-01-01T00:00:00Z"}`
	if got := e.next("limit"); got.data != want {
		t.Errorf("got %s, want %s", got.data, want)
	}
}

func TestEventsGoOnWhereAClientWasCut(t *testing.T) {
	r := serving(t, Config{}, nil)
	e := r.listen()
	for n := range 3 {
		r.api.Crossed(plan.Crossing{Customer: fmt.Sprint("c", n), Period: plan.Day})
	}
	seen := e.next("limit")
	e.resp.Body.Close()
	again := r.listen("Last-Event-ID", seen.id)
	for n := 1; n < 3; n++ {
		if got := decode[LimitEvent](t, again.next("limit").data); got.Customer != fmt.Sprint("c", n) {
			t.Errorf("got %+v, want c%d", got, n)
		}
	}
	for _, id := range []string{"otherlife-0", seen.id + "9", "nonsense"} {
		if got := <-r.listen("Last-Event-ID", id).events; got.kind != "reset" {
			t.Errorf("after %s: got %+v, want a reset", id, got)
		}
	}
}

func TestEventsThatAreGoneAreAReset(t *testing.T) {
	r := serving(t, Config{}, nil)
	e := r.listen()
	r.api.Crossed(plan.Crossing{Customer: "first", Period: plan.Day})
	seen := e.next("limit")
	for range maxEvents + 1 {
		r.api.Crossed(plan.Crossing{Customer: "later", Period: plan.Day})
	}
	again := r.listen("Last-Event-ID", seen.id)
	if got := <-again.events; got.kind != "reset" {
		t.Errorf("got %+v, want a reset", got)
	}
	if got := <-again.events; got.kind != "limit" {
		t.Errorf("got %+v, want what is left", got)
	}
}

func TestEventLogIsBounded(t *testing.T) {
	l := newEventLog(time.Now())
	for range 3 * maxEvents {
		l.add("limit", LimitEvent{Customer: "c"})
	}
	if got := len(l.after(0).events); got != maxEvents || !l.after(0).lost {
		t.Errorf("got %d events, want %d and that some are lost", got, maxEvents)
	}
	for range 20 {
		l.add("limit", LimitEvent{Customer: strings.Repeat("x", maxEventBytes/10)})
	}
	bytes := 0
	for _, e := range l.after(0).events {
		bytes += len(e.text)
	}
	if bytes > maxEventBytes || bytes != l.bytes {
		t.Errorf("got %d bytes, counted %d, want at most %d", bytes, l.bytes, maxEventBytes)
	}
}

func TestEventsDropWhoIsTooSlow(t *testing.T) {
	r := serving(t, Config{Tick: time.Hour}, nil)
	e := r.listen()
	r.api.Crossed(plan.Crossing{Customer: "first", Period: plan.Day})
	e.next("limit")
	// All at once: the stream cannot read in between what is dropped at its front.
	l := r.api.events
	l.mu.Lock()
	l.events = []event{{l.next + 100, []byte("id: x\nevent: limit\ndata: {}\n\n")}}
	l.next += 101
	l.wake()
	l.mu.Unlock()
	if got := e.next("dropped"); got.data == "" || got.id != "" {
		t.Errorf("got %+v", got)
	}
	if _, ok := <-e.events; ok {
		t.Error("the stream goes on")
	}
}

func TestEventsHaveRoomForSoManyClients(t *testing.T) {
	r := serving(t, Config{}, nil)
	var ears []*ear
	for range maxStreams {
		ears = append(ears, r.listen())
	}
	resp, body := r.ask("GET", "/v1/events")
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("got %s %s, want 503", resp.Status, body)
	}
	ears[0].resp.Body.Close()
	realtest.Await(t, "room again", func() error {
		if got := r.api.metrics.streams.Load(); got != maxStreams-1 {
			return fmt.Errorf("%d streams", got)
		}
		return nil
	})
	r.listen()
}

func TestEventsEndWhenTheAPIStops(t *testing.T) {
	r := serving(t, Config{}, nil)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- New(r.tracker, Config{Tick: time.Minute}).Serve(ctx, ln) }()
	second := *r
	second.addr = ln.Addr().String()
	e := second.listen()
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	for range e.events {
		t.Error("an event at the end")
	}
}
