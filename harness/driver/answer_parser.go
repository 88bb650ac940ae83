package driver

import (
	"bytes"
	"io"

	"github.com/haproof/haproof/harness"
)

// Limits of an answer. What goes beyond them is errProtocol.
const (
	longestLine      = answerBuffer // bytes of a line of a header or trailer, its end included
	longestChunkLine = 1 << 10      // bytes of a line before a chunk, its end included
	maxHeaderBytes   = 64 << 10     // of a header, or of a trailer
	maxHeaderLines   = 200          // likewise
	maxInterim       = 8            // 1xx answers, the last one of which is too many
	maxChunkNoise    = 8 << 10      // bytes of lines before chunks beyond 14 and twice the chunk each
)

// answerParser takes one answer in pieces of any size and drops its body. It keeps
// no bytes, waits for nothing and allocates nothing while all is well; a byte costs
// the same wherever it comes.
//
// It is stricter than a client has to be: what it accepts has one meaning only. What
// it accepts, net/http accepts with the same meaning (FuzzAnswer demands it). What
// net/http accepts and it does not, besides what is beyond the limits above:
//
//   - versions other than HTTP/1.0 and 1.1; statuses below 100 or above 599, and 101,
//     which no attempt asks for; several spaces before the status; control
//     characters in the reason
//   - lines that end without CR
//   - header lines that are folded, or with a space before the colon
//   - numbers of more than 15 digits: lengths of 10^15 bytes, chunks of 2^60
//   - a transfer encoding in HTTP/1.0, or together with a content length
//   - control characters behind the size of a chunk
//   - a length, an encoding or a trailer field within a trailer, or promised for one
type answerParser struct {
	answer
	framing framing
	head    bool              // the attempt was a HEAD
	leave   harness.AbortWhen // when the client leaves, empty for never
	at      place
	left    uint64   // bytes of the body, or of its chunk, that are still to come
	lines   int      // of the header or trailer so far
	size    int      // of it, in bytes
	noise   uint64   // of the lines before chunks so far
	interim int      // answers before this one
	cookies *cookies // where what it sets goes; nil where nobody keeps any
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

func newAnswerParser(head bool, leave harness.AbortWhen) answerParser {
	return answerParser{head: head, leave: leave}
}

// feed takes what it can from the front of b, which follows what it took before.
// It returns how many bytes it took and whether the answer is complete, or as much
// of it as the client waits for. Bytes
// that it leaves are the beginning of a line, fewer than longestLine: they are to
// be fed again with more behind them. An error is errProtocol.
func (p *answerParser) feed(b []byte) (taken int, complete bool, err error) {
	for p.at != atEnd && !p.enough() {
		n, err := p.step(b[taken:])
		taken += n
		if n == 0 || err != nil {
			return taken, false, err
		}
	}
	if p.short = p.at != atEnd; p.short {
		p.reusable = false
	}
	return taken, true, nil
}

// enough says whether the client leaves here, within the answer.
func (p *answerParser) enough() bool {
	switch p.leave {
	case harness.AbortHeaders:
		return p.at > atHeader
	case harness.AbortBody:
		return p.bytes > 0
	}
	return false
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
	limit := longestLine
	if p.at == atChunkSize || p.at == atChunkEnd {
		limit = longestChunkLine
	}
	end := bytes.IndexByte(b[:min(len(b), limit)], '\n')
	switch {
	case end < 0 && len(b) >= limit:
		return 0, malformed("line of more than %d bytes", limit)
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
		p.status, err = parseStatusLine(&p.framing, line)
		p.at, p.size = atHeader, len(line)
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
	if len(line) == 0 {
		return p.headed()
	}
	p.lines++
	p.size += len(line) + len("\r\n")
	if p.lines > maxHeaderLines || p.size > maxHeaderBytes {
		return malformed("header of more than %d lines or %d bytes", maxHeaderLines, maxHeaderBytes)
	}
	name, value, err := splitField(line)
	switch {
	case err != nil:
		return err
	case p.at == atHeader:
		if p.cookies != nil {
			p.cookies.see(line)
		}
		return readField(&p.answer, &p.framing, name, value)
	case frames(name):
		return malformed("trailer with %.40q", name)
	}
	return nil
}

// headed acts on the end of the header or of the trailer.
func (p *answerParser) headed() error {
	switch {
	case p.at == atTrailer:
		p.at = atEnd
		return nil
	case p.framing.chunked && p.framing.sized:
		return malformed("transfer encoding with a content length")
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
	*p = answerParser{head: p.head, leave: p.leave, interim: p.interim, cookies: p.cookies}
	return nil
}

// body decides what follows the header (RFC 9112, 6.3).
func (p *answerParser) body() {
	f := &p.framing
	p.lines, p.size = 0, 0
	p.reusable = f.reusable()
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

// chunk takes the line that begins a chunk. Spaces may fill it up, but not stand
// between the size and an extension.
func (p *answerParser) chunk(line []byte) error {
	digits, extension, extended := bytes.Cut(line, []byte(";"))
	if !extended {
		digits = bytes.TrimRight(digits, " \t")
	}
	size, ok := number(digits, 16)
	if !ok || !only(extension, isText) {
		return malformed("chunk size %.40q", line)
	}
	// As much as net/http takes, which counts in the same way.
	p.noise += uint64(len(line))
	if p.noise -= min(p.noise, 14+2*size); p.noise > maxChunkNoise {
		return malformed("chunks with more than %d bytes of extensions", maxChunkNoise)
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
