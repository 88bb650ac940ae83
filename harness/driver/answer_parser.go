package driver

import (
	"bytes"
	"io"
)

const (
	// longestLine bounds a line of an answer's header, its end included.
	longestLine    = answerBuffer
	maxHeaderLines = 200
	maxInterim     = 8 // 1xx answers before the final one
)

// answerParser takes one answer in pieces of any size and drops its body. It is
// stricter than RFC 9112 asks of a client: what it accepts has one meaning only.
// It keeps no bytes, waits for nothing and allocates nothing while all is well.
type answerParser struct {
	answer
	framing framing
	head    bool // the attempt was a HEAD
	at      place
	left    uint64 // bytes of the body, or of its chunk, that are still to come
	lines   int    // of the header so far
	interim int    // answers before this one
}

// place is where in an answer the parser is.
type place uint8

const (
	atStatus place = iota
	atHeader
	atBody      // of known length
	atRest      // body that lasts until the connection ends
	atChunkSize // chunked body
	atChunk
	atChunkEnd
	atTrailer
	atEnd
)

func newAnswerParser(head bool) answerParser { return answerParser{head: head} }

// feed takes what it can from the front of b, which follows what it took before.
// It returns how many bytes it took and whether the answer is complete. Bytes
// that it leaves are the beginning of a line, fewer than longestLine: they are to
// be fed again with more behind them. An error is errProtocol.
func (p *answerParser) feed(b []byte) (taken int, complete bool, err error) {
	for p.at != atEnd {
		n, err := p.step(b[taken:])
		taken += n
		if n == 0 || err != nil {
			return taken, false, err
		}
	}
	return taken, true, nil
}

// step takes one line or one piece of a body. It takes nothing when there is not
// enough.
func (p *answerParser) step(b []byte) (taken int, err error) {
	switch p.at {
	case atRest:
		p.bytes += uint64(len(b))
		return len(b), nil
	case atBody, atChunk:
		return p.drop(b), nil
	}
	if p.at == atStatus && !bytes.HasPrefix(b, httpOne) && !bytes.HasPrefix(httpOne, b) {
		// A peer that does not speak HTTP may never end its line.
		return 0, malformed("%.40q in place of a status line", b)
	}
	end := bytes.IndexByte(b[:min(len(b), longestLine)], '\n')
	switch {
	case end < 0 && len(b) >= longestLine:
		return 0, malformed("line of more than %d bytes", longestLine)
	case end < 0:
		return 0, nil
	case end == 0 || b[end-1] != '\r':
		return 0, malformed("line without CR LF")
	}
	return end + 1, p.line(b[:end-1])
}

var httpOne = []byte("HTTP/1.")

// drop takes bytes of a body of known length.
func (p *answerParser) drop(b []byte) int {
	n := min(p.left, uint64(len(b)))
	p.left -= n
	p.bytes += n
	if p.left == 0 && p.at == atBody {
		p.at = atEnd
	} else if p.left == 0 {
		p.at = atChunkEnd
	}
	return int(n)
}

// line takes one line without its end.
func (p *answerParser) line(line []byte) (err error) {
	switch p.at {
	case atStatus:
		p.answer, err = parseStatusLine(line)
		p.at = atHeader
	case atHeader, atTrailer:
		err = p.field(line)
	case atChunkSize:
		err = p.chunk(line)
	case atChunkEnd:
		if p.at = atChunkSize; len(line) > 0 {
			err = malformed("chunk longer than its size")
		}
	}
	return err
}

// field takes a line of the header or of the trailer, of which only the form counts.
func (p *answerParser) field(line []byte) error {
	if p.lines++; p.lines > maxHeaderLines {
		return malformed("more than %d header lines", maxHeaderLines)
	}
	ignored := answer{}
	switch {
	case len(line) > 0 && p.at == atHeader:
		return parseField(&p.answer, &p.framing, line)
	case len(line) > 0:
		return parseField(&ignored, &p.framing, line)
	case p.at == atTrailer:
		p.at = atEnd
		return nil
	case p.status < 200:
		return p.another()
	}
	p.body()
	return nil
}

// another makes ready for the answer after an interim one.
func (p *answerParser) another() error {
	if p.interim++; p.interim == maxInterim {
		return malformed("more than %d interim answers", maxInterim-1)
	}
	*p = answerParser{head: p.head, interim: p.interim}
	return nil
}

// body decides what follows the header (RFC 9112, 6.3).
func (p *answerParser) body() {
	f := p.framing
	p.lines = 0
	switch {
	case p.head || p.status == 204 || p.status == 304:
		p.at = atEnd
	case f.chunked:
		p.at = atChunkSize
	case f.sized && f.length == 0:
		p.at = atEnd
	case f.sized:
		p.at, p.left = atBody, f.length
	default:
		p.at, p.reusable = atRest, false
	}
}

// chunk takes the line that begins a chunk.
func (p *answerParser) chunk(line []byte) error {
	digits, _, _ := bytes.Cut(line, []byte(";"))
	size, ok := number(bytes.TrimRight(digits, " \t"), 16)
	if !ok {
		return malformed("chunk size %.40q", line)
	}
	if p.at, p.left = atChunk, size; size == 0 {
		p.at = atTrailer
	}
	return nil
}

// end says what the end of the connection makes of the answer: complete where
// its body lasts until then, else io.ErrUnexpectedEOF.
func (p *answerParser) end() error {
	if p.at == atRest || p.at == atEnd {
		return nil
	}
	return io.ErrUnexpectedEOF
}
