package api

import (
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// slowClient takes its time for each piece, like the connection to one.
type slowClient struct {
	http.ResponseWriter
	takes    time.Duration
	deadline time.Time
}

func (c *slowClient) SetReadDeadline(time.Time) error    { return nil }
func (c *slowClient) SetWriteDeadline(t time.Time) error { c.deadline = t; return nil }

func (c *slowClient) Write(b []byte) (int, error) {
	if time.Now().Add(c.takes).After(c.deadline) {
		<-time.After(time.Until(c.deadline))
		return 0, os.ErrDeadlineExceeded
	}
	<-time.After(c.takes)
	return len(b), nil
}

func TestLongAnswersAreForThoseWhoKeepUp(t *testing.T) {
	const usual = time.Second * pieceSize / slowest // for a piece, at least
	for _, c := range []struct {
		what  string
		takes time.Duration
		store time.Duration // that it takes to find a piece
		cut   time.Duration // about when; 0 for never
	}{
		{"fast", usual / 100, 0, 0},
		{"just fast enough", usual, 0, 0},
		{"fast, from a slow store", usual, 10 * time.Second, 0},
		{"half as fast", 2 * usual, 0, 2 * slack},
		{"stalled", time.Hour, 0, slack},
	} {
		synctest.Test(t, func(t *testing.T) {
			began, a := time.Now(), &API{slack: slack}
			l := a.newLongAnswer(&slowClient{takes: c.takes})
			for n := 0; n < 500 && l.err == nil; n++ {
				<-time.After(c.store)
				l.put(make([]byte, pieceSize))
			}
			took := time.Since(began)
			if c.cut == 0 && l.err != nil || c.cut > 0 && (l.err == nil || took < c.cut-usual*2 || took > c.cut+usual*2) {
				t.Errorf("%s: got %v after %v, want it cut after %v", c.what, l.err, took, c.cut)
			}
		})
	}
}
