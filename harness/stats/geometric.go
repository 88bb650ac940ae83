package stats

import "math"

// student holds the two-sided 95 % quantiles of Student's t for 1 to 30 degrees of
// freedom. Beyond, the last one makes intervals a little too wide.
var student = []float64{
	12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
	2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
	2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
}

// GeometricMean returns the geometric mean of ratios with its 95 % interval, by
// Student's t of their logarithms. Ratios must be above 0. Of one ratio nothing
// is known but itself: its interval is from 0 to infinity. An empty sample gives
// 0 and the zero Interval.
func GeometricMean(ratios []float64) (float64, Interval) {
	n := float64(len(ratios))
	if n == 0 {
		return 0, Interval{}
	}
	var sum, squares float64
	for _, r := range ratios {
		sum += math.Log(r)
	}
	mean := sum / n
	if n == 1 {
		return math.Exp(mean), Interval{High: math.Inf(1)}
	}
	for _, r := range ratios {
		squares += (math.Log(r) - mean) * (math.Log(r) - mean)
	}
	half := student[min(len(ratios)-2, len(student)-1)] * math.Sqrt(squares/(n-1)/n)
	return math.Exp(mean), Interval{Low: math.Exp(mean - half), High: math.Exp(mean + half)}
}
