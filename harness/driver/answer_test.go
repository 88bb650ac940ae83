package driver

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

const chunkedAnswer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nX-Haproof-Php: 1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0A\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n"

var answers = []struct {
	text string
	head bool
	want answer
}{
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, answer{status: 200, bytes: 5, reusable: true}},
	{"HTTP/1.1 200 OK\r\nx-haproof-PHP:1\r\ncontent-length:\t5 \r\n\r\nhello", false, answer{status: 200, bytes: 5, php: true, reusable: true}},
	{"HTTP/1.1 200 OK\r\nX-Haproof-Php: no\r\nContent-Length: 0\r\n\r\n", false, answer{status: 200, reusable: true}},
	{chunkedAnswer, false, answer{status: 404, bytes: 15, php: true, reusable: true}},
	{"HTTP/1.1 204 No Content\r\n\r\n", false, answer{status: 204, reusable: true}},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, answer{status: 200, reusable: true}}, // HEAD has no body
	{"HTTP/1.1 503\r\nConnection: keep-alive, Close\r\nContent-Length: 0\r\n\r\n", false, answer{status: 503}},
	{"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", false, answer{status: 200, bytes: 2}},
	{"HTTP/1.1 200 OK\r\n\r\nuntil the end", false, answer{status: 200, bytes: 13}},
}

func TestReadAnswerReadsCompleteAnswers(t *testing.T) {
	for _, c := range answers {
		for _, r := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text))} {
			got, err := readAnswer(bufio.NewReaderSize(r, answerBuffer), c.head)
			if err != nil || got != c.want {
				t.Errorf("%q: got %+v, error %v; want %+v", c.text, got, err, c.want)
			}
		}
	}
}

func TestReadAnswerTakesNoPrefixForAWhole(t *testing.T) {
	for _, c := range answers {
		if strings.HasSuffix(c.text, "end") {
			continue // this one lasts until the connection ends
		}
		for n := range len(c.text) {
			if _, err := readAnswer(bufio.NewReader(strings.NewReader(c.text[:n])), c.head); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%q: error %v, want an unexpected end", c.text[:n], err)
			}
		}
	}
}

func TestReadAnswerRefusesWhatHasTwoMeanings(t *testing.T) {
	for _, text := range []string{
		"220 mail\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 99 x\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n",
		"HTTP/1.1 101 Switching\r\n\r\n",
		"HTTP/1.1 200 OK\n\n",
		"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\n folded: 5\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
		"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", answerBuffer) + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\n" + strings.Repeat("X: x\r\n", maxHeaderLines) + "\r\n",
		strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", maxInterim) + "HTTP/1.1 200 OK\r\n\r\n",
	} {
		if a, err := readAnswer(bufio.NewReaderSize(strings.NewReader(text), answerBuffer), false); !errors.Is(err, errProtocol) {
			t.Errorf("%.60q: got %+v, error %v; want a refusal", text, a, err)
		}
	}
}

// FuzzReadAnswer demands that whatever is taken for a complete answer means the
// same to net/http.
func FuzzReadAnswer(f *testing.F) {
	for _, c := range answers {
		f.Add(c.text, c.head)
	}
	f.Fuzz(func(t *testing.T, text string, head bool) {
		got, err := readAnswer(bufio.NewReaderSize(strings.NewReader(text), answerBuffer), head)
		if err != nil {
			return
		}
		request := &http.Request{Method: http.MethodGet}
		if head {
			request.Method = http.MethodHead
		}
		theirs := bufio.NewReader(strings.NewReader(text))
		status, bytes := 100, int64(0)
		for status < 200 {
			response, err := http.ReadResponse(theirs, request)
			if err != nil {
				t.Fatalf("taken as %+v, net/http says %v", got, err)
			}
			status = response.StatusCode
			if bytes, err = io.Copy(io.Discard, response.Body); err != nil {
				t.Fatalf("taken as %+v, net/http says %v", got, err)
			}
		}
		if status != got.status || uint64(bytes) != got.bytes {
			t.Fatalf("taken as %+v, net/http reads status %d and %d bytes", got, status, bytes)
		}
	})
}

// FuzzAnswerParserInPieces demands that an answer means the same wherever the
// network cuts it.
func FuzzAnswerParserInPieces(f *testing.F) {
	for _, c := range answers {
		f.Add(c.text, c.head, uint8(1))
		f.Add(c.text, c.head, uint8(7))
	}
	f.Fuzz(func(t *testing.T, text string, head bool, step uint8) {
		whole := newAnswerParser(head)
		taken, complete, err := whole.feed([]byte(text))
		pieces := newAnswerParser(head)
		got, from := 0, 0
		var done bool
		var piecesErr error
		for end := 0; end < len(text) && !done && piecesErr == nil; {
			end = min(len(text), end+max(1, int(step)))
			var n int
			n, done, piecesErr = pieces.feed([]byte(text[from:end]))
			got, from = got+n, from+n
		}
		if done != complete || (err == nil) != (piecesErr == nil) {
			t.Fatalf("whole: %v, %v; in pieces of %d: %v, %v", complete, err, step, done, piecesErr)
		}
		if complete && (got != taken || pieces.answer != whole.answer) {
			t.Fatalf("whole: %d bytes, %+v; in pieces of %d: %d bytes, %+v", taken, whole.answer, step, got, pieces.answer)
		}
	})
}
