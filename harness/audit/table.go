package audit

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// table is one stick table.
type table struct {
	line
	name    string // as rules call it: tracker/quota, or that of the proxy
	peers   string // the section that tells it to others; empty if none
	keyType string
	length  int   // bytes of a string key
	size    int64 // entries
	expire  int64 // ms; 0 if never
	nopurge bool
	writeTo string
	stored  []string // gpc0, gpc(3), gpc0_rate(1h), …
}

// defaultLength is what string and binary keys have without len: 32 with the NUL (src/stick_table.c).
const defaultLength = 31

// addTable reads the words of a table or stick-table line from the given one on.
func (c *Configuration) addTable(l line, name, peers string, from int) *table {
	t := &table{line: l, name: name, peers: peers, length: defaultLength}
	for i := from; i < len(l.words); i++ {
		keyword := l.words[i]
		switch keyword {
		case "type":
			t.keyType = l.word(i + 1)
		case "len":
			t.length, _ = strconv.Atoi(l.word(i + 1)) // HAProxy refuses what is no number
		case "size":
			t.size = entries(l.word(i + 1))
		case "expire":
			t.expire = milliseconds(l.word(i + 1))
		case "peers":
			t.peers = l.word(i + 1)
		case "store":
			t.stored = append(t.stored, listed(l.word(i+1))...)
		case "write-to":
			t.writeTo = l.word(i + 1)
		case "nopurge", "recv-only":
			t.nopurge = t.nopurge || keyword == "nopurge"
			continue
		default:
			continue
		}
		i++
	}
	c.tables = append(c.tables, t)
	if c.named[name] == nil {
		c.named[name] = t
	}
	return t
}

// listed cuts a list at the commas that stand in no parentheses.
func listed(text string) []string {
	var list []string
	depth, begin := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				list = append(list, text[begin:i])
				begin = i + 1
			}
		}
	}
	return append(list, text[begin:])
}

// stores says whether a counter has a place: gpc0 has one in gpc0 and in gpc(1).
func (t *table) stores(counter string, index int) bool {
	return slices.ContainsFunc(t.stored, func(s string) bool {
		name, size, _ := strings.Cut(s, "(")
		if name == counter+strconv.Itoa(index) {
			return true
		}
		n, _ := strconv.Atoi(strings.TrimRight(size, ")"))
		return name == counter && index < n
	})
}

// entries reads a size: a number with k, m or g, which are powers of 1024.
func entries(text string) int64 {
	shift := map[byte]int{'k': 10, 'm': 20, 'g': 30}
	digits := strings.TrimRight(strings.ToLower(text), "kmg")
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil {
		return 0
	}
	if len(text) > len(digits) {
		n <<= shift[strings.ToLower(text)[len(digits)]]
	}
	return n
}

// maxMilliseconds is more than any expire that HAProxy takes.
const maxMilliseconds = 1 << 53

// milliseconds reads a time as HAProxy does; without a unit it is in ms.
func milliseconds(text string) int64 {
	digits := strings.TrimRight(text, "usmhd")
	n, err := strconv.ParseInt(digits, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		return maxMilliseconds
	}
	scale := map[string]float64{"": 1, "us": 1e-3, "ms": 1, "s": 1e3, "m": 60e3, "h": 3600e3, "d": 86400e3}[text[len(digits):]]
	return int64(min(float64(n)*scale, maxMilliseconds))
}
