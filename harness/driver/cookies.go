package driver

import (
	"bytes"
	"sync/atomic"
	"time"
)

const (
	// mostCookies and cookieBytes bound what a user keeps: so many cookies, so long as
	// they are sent together. What does not fit is dropped and counted.
	mostCookies = 8
	cookieBytes = 1 << 10
)

// cookies are what answers have asked a user to keep. They are sent with each of its
// attempts: Path, Domain and Secure are not looked at, since a user asks one host. It is
// not safe for concurrent use; nil keeps nothing.
type cookies struct {
	text  []byte // as they are sent: "a=1; b=2"
	count int
	lost  *atomic.Uint64
}

func newCookies(lost *atomic.Uint64) *cookies {
	return &cookies{text: make([]byte, 0, cookieBytes), lost: lost}
}

// clear forgets all of them.
func (c *cookies) clear() {
	if c != nil {
		c.text, c.count = c.text[:0], 0
	}
}

// appendTo appends the header line that sends them, if there are any.
func (c *cookies) appendTo(b []byte) []byte {
	if c == nil || len(c.text) == 0 {
		return b
	}
	return append(append(append(b, "Cookie: "...), c.text...), "\r\n"...)
}

// value returns what the cookie of a name holds, nothing where there is none.
func (c *cookies) value(name string) []byte {
	if c == nil {
		return nil
	}
	if begin, end := c.find([]byte(name)); begin < end {
		return c.text[begin+len(name)+1 : end]
	}
	return nil
}

var nameSetCookie = []byte("Set-Cookie")

// see takes note of a header line of an answer, which is well-formed.
func (c *cookies) see(line []byte) {
	name, value, _ := bytes.Cut(line, []byte(":"))
	if bytes.EqualFold(name, nameSetCookie) {
		c.set(value, time.Now())
	}
}

// set keeps, replaces or removes a cookie, as the value of Set-Cookie says (RFC 6265,
// 5.2). One without a value is removed. What is no cookie is not looked at.
func (c *cookies) set(value []byte, now time.Time) {
	pair, attributes, _ := bytes.Cut(value, []byte(";"))
	name, content, ok := bytes.Cut(pair, []byte("="))
	name, content = bytes.Trim(name, " \t"), bytes.Trim(content, " \t")
	if !ok || len(name) == 0 {
		return
	}
	c.remove(name)
	if len(content) == 0 || expired(attributes, now) {
		return
	}
	length := len(name) + 1 + len(content)
	if c.count > 0 {
		length += len("; ")
	}
	if c.count == mostCookies || len(c.text)+length > cookieBytes {
		c.lost.Add(1)
		return
	}
	if c.count > 0 {
		c.text = append(c.text, "; "...)
	}
	c.text = append(append(append(c.text, name...), '='), content...)
	c.count++
}

// find returns where the cookie of a name is, without what separates it from the
// next one; nowhere if there is none.
func (c *cookies) find(name []byte) (begin, end int) {
	for begin < len(c.text) {
		end = len(c.text)
		if semicolon := bytes.IndexByte(c.text[begin:], ';'); semicolon >= 0 {
			end = begin + semicolon
		}
		if one := c.text[begin:end]; len(one) > len(name) && one[len(name)] == '=' && bytes.HasPrefix(one, name) {
			return begin, end
		}
		begin = end + len("; ")
	}
	return 0, 0
}

// remove forgets the cookie of a name, if there is one.
func (c *cookies) remove(name []byte) {
	begin, end := c.find(name)
	if begin == end {
		return
	}
	c.text = append(c.text[:begin], c.text[min(end+len("; "), len(c.text)):]...)
	c.text = bytes.TrimSuffix(c.text, []byte("; ")) // where it was the last one
	c.count--
}

// expired says whether a cookie is to be forgotten: by its Max-Age, or where it has none
// by its Expires. What cannot be read is not looked at.
func expired(attributes []byte, now time.Time) bool {
	past := false
	for attribute := range bytes.SplitSeq(attributes, []byte(";")) {
		name, value, _ := bytes.Cut(attribute, []byte("="))
		name, value = bytes.Trim(name, " \t"), bytes.Trim(value, " \t")
		switch {
		case bytes.EqualFold(name, nameMaxAge):
			if negative := bytes.HasPrefix(value, []byte("-")); negative {
				return true
			}
			if age, ok := number(value, 10); ok {
				return age == 0
			}
		case bytes.EqualFold(name, nameExpires):
			if at, ok := cookieDate(value); ok {
				past = !at.After(now)
			}
		}
	}
	return past
}

var (
	nameMaxAge  = []byte("Max-Age")
	nameExpires = []byte("Expires")
)
