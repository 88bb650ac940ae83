package reports

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

var pathStep = regexp.MustCompile(`([MLZ])(?:([-+.e\d]+),([-+.e\d]+))?`)

// compactPath rewrites a path of straight lines with relative coordinates in
// tenths of a point: a third of the size. A path with anything else than
// straight lines, or with a number that is none, comes back as it is.
func compactPath(d string) string {
	var out strings.Builder
	var at, start [2]int // tenths of a point
	rest := d
	for rest != "" {
		m := pathStep.FindStringSubmatch(rest)
		if m == nil || !strings.HasPrefix(rest, m[0]) {
			return d
		}
		rest = rest[len(m[0]):]
		if m[1] == "Z" {
			out.WriteByte('z')
			at = start
			continue
		}
		to, ok := tenths(m[2], m[3])
		if !ok {
			return d
		}
		if m[1] == "M" {
			start = to
		}
		out.WriteString(pathMove(m[1] == "M", to[0]-at[0], to[1]-at[1]))
		at = to
	}
	return out.String()
}

// pathMove writes one step by the shortest command.
func pathMove(lift bool, dx, dy int) string {
	switch {
	case lift:
		return "m" + pathNumber(dx, false) + pathNumber(dy, true)
	case dy == 0:
		return "h" + pathNumber(dx, false)
	case dx == 0:
		return "v" + pathNumber(dy, false)
	}
	return "l" + pathNumber(dx, false) + pathNumber(dy, true)
}

// tenths reads a point; not ok where a coordinate is no number of a drawing.
func tenths(x, y string) (pt [2]int, ok bool) {
	for i, s := range []string{x, y} {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.Abs(f) > 1e6 || math.IsNaN(f) {
			return pt, false
		}
		pt[i] = int(math.Round(10 * f))
	}
	return pt, true
}

// pathNumber writes tenths in the shortest form; a number that follows another
// one needs a separator unless it has a sign.
func pathNumber(n int, follows bool) string {
	s := strconv.FormatFloat(float64(n)/10, 'f', -1, 64)
	if -10 < n && n < 10 {
		s = strings.Replace(s, "0.", ".", 1)
	}
	if follows && !strings.HasPrefix(s, "-") {
		return " " + s
	}
	return s
}
