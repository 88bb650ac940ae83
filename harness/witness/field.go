package witness

import "bytes"

// fields cuts the values out of "a=1 b=2 c=the rest", whose names come in a
// fixed order. The last value goes to the end of the line.
func fields(line []byte, names []string, values [][]byte) bool {
	for i, name := range names {
		rest, ok := bytes.CutPrefix(line, []byte(name))
		if !ok {
			return false
		}
		if i == len(names)-1 {
			values[i] = rest
			return true
		}
		end := bytes.IndexByte(rest, ' ')
		if end < 0 {
			return false
		}
		values[i], line = rest[:end], rest[end+1:]
	}
	return true
}

// sequence reads a decimal sequence id.
func sequence(text []byte) (uint64, bool) {
	if len(text) == 0 || len(text) > 19 {
		return 0, false
	}
	var n uint64
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}
