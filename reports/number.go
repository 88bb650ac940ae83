package reports

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// dash stands where there is no number. It is never a zero.
const dash = "–"

// count writes an exact number with thousands separators: 50,123.
func count[N int | int64 | uint64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	if n > 0 {
		digits = strconv.FormatUint(uint64(n), 10)
	}
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "−", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// plural writes a count with its noun: 1 customer, 50 customers.
func plural[N int | int64 | uint64](n N, one string) string {
	return count(n) + " " + noun(n, one)
}

// noun writes a noun for a count, without the count.
func noun[N int | int64 | uint64](n N, one string) string {
	switch {
	case n == 1:
		return one
	case strings.HasSuffix(one, "s"):
		return one + "es"
	}
	return one + "s"
}

// decimal writes a measured number with about three significant digits and
// thousands separators. It carries no unit.
func decimal(x float64) string {
	switch abs := math.Abs(x); {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return dash
	case abs >= 99.95:
		return count(int64(math.Round(x)))
	case abs >= 9.995:
		return trimZeros(strconv.FormatFloat(x, 'f', 1, 64))
	default:
		return trimZeros(strconv.FormatFloat(x, 'f', 2, 64))
	}
}

// percent writes a fraction as a whole percentage, or with one decimal where
// rounding would turn something else into 0 % or 100 %.
func percent(share float64) string {
	p := 100 * share
	if math.IsNaN(p) || math.IsInf(p, 0) {
		return dash
	}
	if rounded := math.Round(p); p != rounded && (rounded == 0 || rounded == 100) {
		return strconv.FormatFloat(p, 'f', 1, 64) + " %"
	}
	return strconv.FormatFloat(p, 'f', 0, 64) + " %"
}

// duration writes a time with its unit and about three significant digits:
// 850 µs, 8.2 ms, 1.25 s, 2 min 5 s.
func duration(d time.Duration) string {
	if d < 0 {
		return "−" + duration(-d)
	}
	switch {
	case d == 0:
		return "0 ms"
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d)
	case d < 999500*time.Nanosecond:
		return decimal(float64(d)/float64(time.Microsecond)) + " µs"
	case d < 999500*time.Microsecond:
		return decimal(float64(d)/float64(time.Millisecond)) + " ms"
	case d < time.Minute:
		return decimal(d.Seconds()) + " s"
	}
	d = d.Round(time.Second)
	if s := d % time.Minute; s != 0 {
		return fmt.Sprintf("%d min %d s", d/time.Minute, s/time.Second)
	}
	return fmt.Sprintf("%d min", d/time.Minute)
}

func trimZeros(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.Replace(strings.TrimSuffix(strings.TrimRight(s, "0"), "."), "-", "−", 1)
}
