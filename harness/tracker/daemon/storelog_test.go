package daemon

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/tracker"
)

// failing is a store whose commits fail with the next error.
type failing struct {
	tracker.Store
	next error
}

func (f *failing) Commit(context.Context, *tracker.Batch) error { return f.next }

func TestCommitsThatFailAreLoggedOnceForEachReason(t *testing.T) {
	var log bytes.Buffer
	store := &failing{}
	s := &loggedStore{Store: store, log: slog.New(slog.NewTextHandler(&log, nil))}
	full, gone := errors.New("full"), errors.New("gone")
	for _, err := range []error{nil, full, full, gone, gone, nil, nil, full} {
		store.next = err
		if got := s.Commit(t.Context(), nil); !errors.Is(got, err) {
			t.Errorf("got %v, want %v", got, err)
		}
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	store.next = context.Canceled
	if got := s.Commit(stopped, nil); !errors.Is(got, context.Canceled) {
		t.Errorf("told to stop: got %v", got)
	}
	want := strings.Join([]string{
		`level=ERROR msg="nothing can be stored, and nothing is acknowledged" error=full`,
		`level=ERROR msg="nothing can be stored, and nothing is acknowledged" error=gone`,
		`level=INFO msg="what is counted is stored again"`,
		`level=ERROR msg="nothing can be stored, and nothing is acknowledged" error=full`,
		"",
	}, "\n")
	got := regexp.MustCompile(`time=\S+ | after=\S+`).ReplaceAllString(log.String(), "")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
