package driver

import (
	"bytes"
	"strings"

	"golang.org/x/net/http2/hpack"

	"github.com/haproof/haproof/harness"
)

type h2Field = hpack.HeaderField

// h2Fields makes an attempt in HTTP/1.1 one in HTTP/2: what an attempt says is written
// in one place, whatever it goes over.
func h2Fields(attempt []byte) (head []h2Field, body []byte) {
	text, body, _ := bytes.Cut(attempt, []byte("\r\n\r\n"))
	first, rest, _ := strings.Cut(string(text), "\r\n")
	method, target, _ := strings.Cut(first, " ")
	path := target[:max(strings.LastIndexByte(target, ' '), 0)]
	head = []h2Field{{Name: ":method", Value: method}, {Name: ":scheme", Value: "https"}, {Name: ":authority"}, {Name: ":path", Value: path}}
	for line := range strings.SplitSeq(rest, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		f := h2Field{Name: strings.ToLower(name), Value: strings.TrimSpace(value)}
		switch f.Name {
		case "host":
			head[2].Value = f.Value
			continue
		case "", "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te":
			continue // HTTP/2 has none of these (RFC 9113, 8.2.2)
		case h2SeqHeader:
			f.Sensitive = true // no other attempt says the same, so it is not worth remembering
		}
		head = append(head, f)
	}
	return head, body
}

var h2SeqHeader = strings.ToLower(harness.SeqHeader)
