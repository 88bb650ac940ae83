package reports

import (
	"math"

	"github.com/haproof/haproof/harness"
)

// span is an estimate with the ends of its interval. A high end of +Inf means
// that only a low end is known, a low end of 0 that only a high one is.
type span struct{ low, mid, high float64 }

// spanOf is the interval of a point of a curve. It has no high end where a search
// there met its objective on every stair, so that the maximum was not seen.
func spanOf(r *harness.Result, curve string, p harness.CurvePoint) span {
	s := span{p.Low, p.Median, p.High}
	for _, ct := range trials(r) {
		name, x, ok := harness.CurveOf(ct.cell.Cell)
		if ok && name == curve && x == p.X && harness.OpenTop(ct.trial.Summary.Sustained) {
			s.high = math.Inf(1)
		}
	}
	return s
}

// over divides two estimates; its ends are the least and the greatest quotient
// that the ends allow.
func (s span) over(of span) span {
	q := span{s.low / of.high, s.mid / of.mid, math.Inf(1)}
	if of.low > 0 {
		q.high = s.high / of.low
	}
	return q
}

// closed says whether both ends are known.
func (s span) closed() bool { return s.low > 0 && !math.IsInf(s.high, 1) }

// ends writes the interval.
func (s span) ends(unit func(float64) string) string {
	switch {
	case s.closed():
		return unit(s.low) + " to " + unit(s.high)
	case s.low > 0:
		return "at least " + unit(s.low)
	case math.IsInf(s.high, 1):
		return "no bound was seen"
	}
	return "at most " + unit(s.high)
}

// write writes the estimate with its interval, and only a bound where it has but
// one: what lies beyond was not seen.
func (s span) write(unit func(float64) string) string {
	if !s.closed() {
		return s.ends(unit)
	}
	return unit(s.mid) + " (" + s.ends(unit) + ")"
}

// times writes a factor.
func times(x float64) string { return decimal(x) + "×" }

// growth is how much the last point of a curve is of the first; ok is false where
// that means nothing.
func growth(r *harness.Result, c harness.Curve) (g span, ok bool) {
	from, to := c.Points[0], c.Points[len(c.Points)-1]
	if len(c.Points) < 2 || !(from.Median > 0) {
		return span{}, false
	}
	return spanOf(r, c.Name, to).over(spanOf(r, c.Name, from)), true
}

// ofReference is how much the last point of a curve is of the reference without a
// proxy at the same place; ok is false where there is none.
func ofReference(r *harness.Result, curves []harness.Curve, c harness.Curve) (share span, ok bool) {
	d := directCurve(curves)
	if d < 0 {
		return span{}, false
	}
	to := c.Points[len(c.Points)-1]
	for _, q := range curves[d].Points {
		if q.X == to.X && q.Median > 0 {
			return spanOf(r, c.Name, to).over(spanOf(r, curves[d].Name, q)), true
		}
	}
	return span{}, false
}
