package main

import (
	"testing"

	"github.com/haproof/haproof/harness/tracker"
)

type honest struct{ tracker.Store }

func TestALieIsAboutTheCounterOrTheStore(t *testing.T) {
	for name, want := range map[string]struct{ known, counter, store bool }{
		"absolute": {known: true, counter: true},
		"hasty":    {known: true, store: true},
		"truth":    {},
		"":         {},
	} {
		counter, err := counterOf(name)
		store := storeOf(name, honest{}) != honest{}
		if (err == nil) != want.known || (counter != nil) != want.counter || store != want.store {
			t.Errorf("-lie %q: got error %v, a counter: %v, a store: %v; want %+v", name, err, counter != nil, store, want)
		}
	}
}
