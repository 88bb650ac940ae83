package driver

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// meaning is what is made of the bytes of an answer.
type meaning struct {
	status   int
	bytes    uint64 // of the body
	left     int    // bytes behind the end of the answer
	reusable bool
}

// FuzzAnswer demands of the parser, whatever it is fed and however the network cuts
// that, that what it takes for a complete answer means the same to net/http, and
// that what net/http takes and it refuses falls under one of the strictnesses.
func FuzzAnswer(f *testing.F) {
	for i, text := range answerSeeds() {
		f.Add([]byte(text), i%5 == 0, uint64(i))
		f.Add([]byte(text), true, uint64(i))
	}
	f.Fuzz(func(t *testing.T, text []byte, head bool, seed uint64) {
		ours, last, err := inPieces(t, text, head, rand.New(rand.NewPCG(seed, 1)))
		whole, _, wholeErr := inPieces(t, text, head, nil)
		if ours != whole || (err == nil) != (wholeErr == nil) || errors.Is(err, errProtocol) != errors.Is(wholeErr, errProtocol) {
			t.Fatalf("in pieces %+v, error %v; at once %+v, error %v", ours, err, whole, wholeErr)
		}
		theirs, theirErr := asNetHTTP(text, head)
		switch {
		case err == nil && theirErr != nil:
			t.Fatalf("taken as %+v, net/http says %v", ours, theirErr)
		case err == nil && ours != theirs:
			t.Fatalf("taken as %+v, net/http takes it as %+v", ours, theirs)
		case err != nil && theirErr == nil && !stricter(text, last, err):
			t.Fatalf("refused: %v; net/http takes it as %+v, and no strictness says why", err, theirs)
		}
	})
}

// inPieces feeds the parser as a shard would, in pieces of random sizes, or all at
// once without chance. It returns the line that was refused too, if one was.
func inPieces(t *testing.T, text []byte, head bool, chance *rand.Rand) (m meaning, last []byte, err error) {
	p := newAnswerParser(head, "")
	most := 1 << (len(text) % 14)
	for taken, fed := 0, 0; ; {
		if fed == len(text) {
			return meaning{p.status, p.bytes, 0, p.reusable}, nil, p.end()
		}
		piece := len(text)
		if chance != nil {
			piece = 1 + chance.IntN(most)
		}
		fed = min(len(text), fed+piece)
		n, complete, err := p.feed(text[taken:fed])
		if n < 0 || n > fed-taken {
			t.Fatalf("%d bytes taken of %d", n, fed-taken)
		}
		taken += n
		switch {
		case err != nil:
			line := bytes.TrimSuffix(text[:taken], []byte("\n"))
			return m, line[bytes.LastIndexByte(line, '\n')+1:], err
		case complete:
			return meaning{p.status, p.bytes, len(text) - taken, p.reusable}, nil, nil
		case fed-taken >= longestLine:
			t.Fatalf("the parser leaves %d bytes", fed-taken)
		}
	}
}

// asNetHTTP reads the first answer that is not an interim one.
func asNetHTTP(text []byte, head bool) (m meaning, err error) {
	request := &http.Request{Method: http.MethodGet}
	if head {
		request.Method = http.MethodHead
	}
	rest := bytes.NewReader(text)
	in := bufio.NewReaderSize(rest, 2*maxHeaderBytes) // its limit for trailers
	for m.status < 200 {
		response, err := http.ReadResponse(in, request)
		if err != nil {
			return m, err
		}
		n, err := io.Copy(io.Discard, response.Body)
		if err != nil {
			return m, err
		}
		m = meaning{response.StatusCode, uint64(n), in.Buffered() + rest.Len(), !response.Close}
	}
	return m, nil
}

// strictnesses are the refusals of what net/http takes: the beginning of what the
// parser says, and what is true of the line that it refused, nil for whatever was
// refused by a limit. They are described at answerParser.
var strictnesses = []struct {
	says string
	line *regexp.Regexp
}{
	{"status line", regexp.MustCompile(`^HTTP/1\.[01] (  *\d|0|[6-9]|101|\d\d\d .*[\x00-\x08\x0a-\x1f\x7f])`)},
	{"status line", regexp.MustCompile(`^HTTP/1\.[2-9] `)},
	{"line without CR LF", nil},
	{"line of more than", nil},
	{"header of more than", nil},
	{"more than 7 interim answers", nil},
	{"header line", regexp.MustCompile(`^[ \t]`)},               // folded
	{"header line", regexp.MustCompile(`^[^:]*[^!-~][^:]*:`)},   // such as a space before the colon
	{"content length", regexp.MustCompile(`^[^:]*:\s*\d{16,}`)}, // more digits
	{"content length", regexp.MustCompile(`^[^:]*:\s*$`)},       // folded: without it, net/http refuses this too
	{"transfer encoding", nil},
	{"promise of a trailer", regexp.MustCompile(`(?i)^trailer:`)},
	{"trailer with", regexp.MustCompile(`(?i)^(content-length|transfer-encoding|trailer):`)},
	{"chunk size", regexp.MustCompile(`^[0-9a-fA-F]{16}[ \t]*(;|\r$)`)},
	{"chunk size", regexp.MustCompile(`^[0-9a-fA-F]{1,16}[ \t]*;.*[\x00-\x08\x0a-\x1f\x7f]`)},
	{"chunks with more than", nil},
}

// stricter says whether a refusal is one of the strictnesses.
func stricter(text, line []byte, err error) bool {
	says := strings.TrimPrefix(err.Error(), errProtocol.Error()+": ")
	if strings.HasSuffix(says, "in place of a status line") {
		return regexp.MustCompile(`(^|\n)HTTP/[02-9]\.`).Match(text)
	}
	for _, s := range strictnesses {
		if strings.HasPrefix(says, s.says) && (s.line == nil || s.line.Match(line)) {
			switch s.says {
			case "line without CR LF":
				return regexp.MustCompile(`(^|[^\r])\n`).Match(text)
			case "line of more than":
				return longLine(text)
			case "header of more than":
				return bytes.Count(text, []byte("\n")) > maxHeaderLines || len(text) > maxHeaderBytes
			case "transfer encoding": // in HTTP/1.0, with a length, or folded
				return regexp.MustCompile(`(?i)HTTP/1\.0|content-length:|\n[ \t]`).Match(text)
			case "chunks with more than":
				return len(text) > maxChunkNoise
			}
			return true
		}
	}
	return false
}

func longLine(text []byte) bool {
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		if len(line) >= longestChunkLine-1 {
			return true
		}
	}
	return false
}

func TestStrictnessesDoNotCoverWhatIsNoAnswer(t *testing.T) {
	for _, err := range []error{io.ErrUnexpectedEOF, malformed("chunk longer than its size"), errors.New("content length")} {
		if stricter([]byte("HTTP/1.1 200 OK\r\n\r\n"), []byte("Content-Length: 5"), err) {
			t.Errorf("%v is a strictness", err)
		}
	}
}

// answerSeeds are what fuzzing begins with: of each kind of answer, and of each
// kind of mistake, at least one.
func answerSeeds() []string {
	const ok, chunked = "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	seeds := []string{
		chunked + "5\r\nhello\r\n0\r\n\r\n", chunked + "5;a=b;c=\"d;e\"\r\nhello\r\n0;x\r\n\r\nHTTP/1.1 200 OK\r\n",
		chunked + "5 \t\r\nhello\r\n00\r\nX-Trailer: 1\r\nY:\r\n\r\n", chunked + "5 ;x\r\nhello\r\n0\r\n\r\n", chunked + "5;x\r\r\nhello\r\n0\r\n\r\n",
		chunked + "-1\r\n", chunked + "8000000000000000\r\n", chunked + "0000000000000005\r\nhello\r\n0\r\n\r\n", chunked + "10000000000000000\r\n", chunked + "5\nhello\r\n0\r\n\r\n",
		chunked + "0\r\nContent-Length: 5\r\n\r\n", chunked + "0\r\n folded\r\n\r\n", chunked + "1;" + strings.Repeat("x", 2000) + "\r\nx\r\n0\r\n\r\n",
		chunked + strings.Repeat("1;"+strings.Repeat("x", 500)+"\r\nx\r\n", 40) + "0\r\n\r\n",
		chunked + strings.Repeat("1\r\nx\r\n", 3000) + "0\r\n\r\n",
		chunked + "0\r\nX: " + strings.Repeat("x", 6000) + "\r\n\r\n",
		"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n" + chunked + "0\r\n\r\n",
		"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
		strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 9) + "HTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nx", "HTTP/1.1 999 \r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1 200\r\n\r\n", "HTTP/1.1 200OK\r\n\r\n",
		"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n",
		ok + "Connection: close\r\n\r\nuntil the end", ok + "Connection: close\r\nContent-Length: 5\r\n\r\nhello, more", ok + "\r\nbody", ok + "Connection: keep-alive, upgrade\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive, close\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nbody", "HTTP/0.9 200 OK\r\n\r\n", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n",
		ok + "X: a\r\n b\r\nContent-Length: 0\r\n\r\n", ok + "Content-Length:\r\n 5\r\n\r\nhello", ok + "X y: z\r\nContent-Length: 0\r\n\r\n", ok + "Content-Length : 5\r\n\r\nhello", ok + ": x\r\n\r\n", ok + "x\r\n\r\n",
		ok + "X: " + strings.Repeat("x", 9000) + "\r\nContent-Length: 0\r\n\r\n", ok + strings.Repeat("X: x\r\n", 250) + "Content-Length: 0\r\n\r\n", ok + strings.Repeat("X: "+strings.Repeat("x", 7000)+"\r\n", 10) + "Content-Length: 0\r\n\r\n",
		ok + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", ok + "Content-Length: 5\r\nContent-Length: 05\r\n\r\nhello", ok + "Content-Length: 5, 5\r\n\r\nhello",
		ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n", ok + "Transfer-Encoding: chun\u212aed\r\n\r\n0\r\n\r\n", ok + "Transfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n",
		ok + "Content-Length: -1\r\n\r\n", ok + "Content-Length: +1\r\n\r\nx", ok + "Content-Length: 9223372036854775807\r\n\r\n", ok + "Content-Length: 9223372036854775808\r\n\r\n", ok + "Content-Length: 18446744073709551616\r\n\r\n", ok + "Content-Length: 0000000000000005\r\n\r\nhello", ok + "Content-Length: \r\n\r\n", ok + "Content-Length: 0x5\r\n\r\n",
		ok + "Trailer: Content-Length\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ok + "Trailer: X,, Y\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: 1\r\n\r\n",
		"\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "\n\n" + ok, "", "H", "garbage", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "220 mail\r\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n",
		ok + "Content-Length: 5\r\nX: a\rb\r\n\r\nhello", ok + "Content-Length: 5\r\nX: a\x00b\r\n\r\nhello", ok + "Content-Length: 5\r\nX: \xe4\r\n\r\nhello", ok + "Content-Length: 5\r\n\r\nhell", ok + "Content-Length: 5\r",
	}
	for _, c := range answers {
		seeds = append(seeds, c.text, c.text+c.text)
	}
	return seeds
}
