package reports

import "testing"

func TestCompactPathKeepsTheDrawing(t *testing.T) {
	for _, c := range []struct{ why, d, want string }{
		{"relative steps", "M10,20L12.5,19", "m10 20l2.5-1"},
		{"level and upright steps are shorter", "M10,20L15,20L15,20.5", "m10 20h5v.5"},
		{"a closed path ends where it began", "M10,20L12,20L12,22ZM11,21L13,22", "m10 20h2v2zm1 1l2 1"},
		{"errors of rounding do not add up", "M0,0L0.14,0L0.28,0L0.42,0", "m0 0h.1h.2h.1"},
		{"a curve is left alone", "M10,20A1,1 0 1 1 2,2", "M10,20A1,1 0 1 1 2,2"},
		{"infinity is left alone", "M10,20L+Inf,2", "M10,20L+Inf,2"},
	} {
		if got := compactPath(c.d); got != c.want {
			t.Errorf("%s: compactPath(%q) = %q, want %q", c.why, c.d, got, c.want)
		}
	}
}
