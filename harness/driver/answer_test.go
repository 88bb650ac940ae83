package driver

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

const chunkedAnswer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nX-Haproof-Php: 1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0A\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n"

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
	{"HTTP/1.1 200 OK\r\nConnection: keep-alive, upgrade\r\nContent-Length: 0\r\n\r\n", false, answer{status: 200, reusable: true}},
	{"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", false, answer{status: 200, bytes: 2}},
	{"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok", false, answer{status: 200, bytes: 2, reusable: true}},
	{"HTTP/1.0 200 OK\r\nConnection: upgrade\r\nConnection: x,\tkeep-alive\r\nContent-Length: 2\r\n\r\nok", false, answer{status: 200, bytes: 2, reusable: true}},
	{"HTTP/1.0 200 OK\r\nConnection: close, keep-alive\r\nContent-Length: 2\r\n\r\nok", false, answer{status: 200, bytes: 2}},
	{"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nuntil the end", false, answer{status: 200, bytes: 13}},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5   \r\nhello\r\n0;\r\n\r\n", false, answer{status: 200, bytes: 5, reusable: true}},
	{"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nConnection: close\r\n\r\n", false, answer{status: 304}},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true, answer{status: 200, reusable: true}},
	{"HTTP/1.1 200 OK\r\n\r\nuntil the end", false, answer{status: 200, bytes: 13}},
}

func TestReadAnswerReadsCompleteAnswers(t *testing.T) {
	for _, c := range answers {
		for _, r := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text))} {
			got, err := readAnswer(bufio.NewReaderSize(r, answerBuffer), c.head, "")
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
			if _, err := readAnswer(bufio.NewReader(strings.NewReader(c.text[:n])), c.head, ""); !errors.Is(err, io.ErrUnexpectedEOF) {
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
		"\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 05\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chun\u212aed\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X, Content-Length\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5 ;x\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x\ry\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8000000000000000\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", answerBuffer) + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\n" + strings.Repeat("X: x\r\n", maxHeaderLines+1) + "\r\n",
		strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", maxInterim) + "HTTP/1.1 200 OK\r\n\r\n",
	} {
		if a, err := readAnswer(bufio.NewReaderSize(strings.NewReader(text), answerBuffer), false, ""); !errors.Is(err, errProtocol) {
			t.Errorf("%.60q: got %+v, error %v; want a refusal", text, a, err)
		}
	}
}

// TestEndlessAnswersEndAtTheLimits feeds what never ends in pieces, as a shard would,
// and demands that the parser gives up in time and never keeps more than a line.
func TestEndlessAnswersEndAtTheLimits(t *testing.T) {
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, row := range []struct {
		why, begin, again string
		most              int // bytes taken and kept
	}{
		{"reason", "HTTP/1.1 200 ", "x", longestLine},
		{"header line", "HTTP/1.1 200 OK\r\nX: ", "x", 17 + longestLine},
		{"short header lines", "HTTP/1.1 200 OK\r\n", "X:\r\n", 17 + maxHeaderLines*4 + 4},
		{"long header lines", "HTTP/1.1 200 OK\r\n", "X: " + strings.Repeat("x", 8000) + "\r\n", 17 + maxHeaderBytes + longestLine},
		{"interim answers", "", "HTTP/1.1 102 Processing\r\n\r\n", maxInterim * 27},
		{"extension", chunked + "1;", "x", len(chunked) + longestChunkLine},
		{"extensions", chunked, "1;" + strings.Repeat("x", 100) + "\r\nx\r\n", len(chunked) + 2*maxChunkNoise},
		{"leading zeros", chunked, "0", len(chunked) + longestChunkLine},
		{"end of a chunk", chunked + "1\r\nx", "x", len(chunked) + 4 + longestChunkLine},
		{"trailer line", chunked + "0\r\nX:", "x", len(chunked) + 3 + longestLine},
		{"trailer", chunked + "0\r\n", "X: x\r\n", len(chunked) + 3 + maxHeaderLines*6 + 6},
		{"no HTTP", "", "x", 1},
	} {
		p := newAnswerParser(false, "")
		kept, fed := []byte(row.begin), len(row.begin)
		var err error
		for err == nil && fed <= row.most+len(row.again) {
			var n int
			n, _, err = p.feed(kept)
			if kept = kept[n:]; err == nil && len(kept) >= longestLine {
				t.Fatalf("%s: the parser leaves %d bytes", row.why, len(kept))
			}
			kept = append(kept, row.again...)
			fed += len(row.again)
		}
		if !errors.Is(err, errProtocol) {
			t.Errorf("%s: no refusal after %d bytes, want one after %d", row.why, fed, row.most)
		}
	}
}
