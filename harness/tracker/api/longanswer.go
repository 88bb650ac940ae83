package api

import (
	"net/http"
	"time"
)

// pieceSize is how much of a long answer is written at a time, in bytes.
const pieceSize = 32 << 10

// longAnswer writes an answer in pieces. The client has answerTimeout for each.
type longAnswer struct {
	w       http.ResponseWriter
	control *http.ResponseController
	err     error // errGone, for good
}

// newLongAnswer begins an answer that may take long. The error of a connection that
// has no deadlines is not seen here: it breaks the first write.
func newLongAnswer(w http.ResponseWriter) *longAnswer {
	l := &longAnswer{w: w, control: http.NewResponseController(w)}
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
	_ = l.control.SetWriteDeadline(time.Now().Add(answerTimeout))
	_, err := l.w.Write(b)
	l.err = gone(err)
}
