package api

import (
	"net/http"
	"time"
)

const (
	// pieceSize is how much of a long answer is written at a time, in bytes.
	pieceSize = 32 << 10

	// slowest is what a client must take of a long answer on average, in bytes per
	// second, and slack how far it may be behind: as long as it reads, it keeps others
	// from answers about all customers.
	slowest = 256 << 10
	slack   = 10 * time.Second
)

// longAnswer writes an answer in pieces. It is cut off when the client does not keep up
// with it; what the tracker itself takes to find the pieces is not held against it.
type longAnswer struct {
	w       http.ResponseWriter
	control *http.ResponseController
	slack   time.Duration
	left    time.Duration // that the client may still take for what was written so far
	err     error         // errGone, for good
}

// newLongAnswer begins an answer that may take long. The error of a connection that
// has no deadlines is not seen here: it breaks the first write.
func (a *API) newLongAnswer(w http.ResponseWriter) *longAnswer {
	l := &longAnswer{w: w, control: http.NewResponseController(w), slack: a.slack, left: a.slack}
	_ = l.control.SetReadDeadline(time.Time{}) // the question was read
	return l
}

// buffer returns where to collect the first piece.
func (l *longAnswer) buffer() []byte { return make([]byte, 0, pieceSize+4<<10) }

// write writes b if it is a piece, and returns where to go on.
func (l *longAnswer) write(b []byte) []byte {
	if len(b) < pieceSize {
		return b
	}
	l.put(b)
	return b[:0]
}

// end writes the last piece.
func (l *longAnswer) end(b []byte) error {
	l.put(b)
	return l.err
}

func (l *longAnswer) put(b []byte) {
	if l.err != nil {
		return
	}
	began := time.Now()
	_ = l.control.SetWriteDeadline(began.Add(l.left))
	_, err := l.w.Write(b)
	l.left += time.Duration(len(b))*time.Second/slowest - time.Since(began)
	l.left = min(l.left, l.slack)
	l.err = gone(err)
}
