package api

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"
)

// The size of a small chart, in its own units.
const (
	sparkWidth  = 120.0
	sparkHeight = 24.0
)

// spark draws the growth in the slots that are known, the newest at the right; nothing
// if there are less than two. What it says in words is for those who do not see it;
// empty hides it from them.
func spark(points []uint32, words string) template.HTML {
	if len(points) < 2 {
		return ""
	}
	most := float64(max(1, slices.Max(points)))
	class := "spark"
	if slices.Max(points) == 0 {
		class = "spark still"
	}
	step := sparkWidth / (slots - 1)
	left := sparkWidth - step*float64(len(points)-1)
	var line strings.Builder
	for i, p := range points {
		fmt.Fprintf(&line, " %.1f,%.1f", left+step*float64(i), sparkHeight-1-float64(p)/most*(sparkHeight-2))
	}
	role := `aria-hidden="true"`
	if words != "" {
		role = `role="img" aria-label="` + template.HTMLEscapeString(words) + `"`
	}
	return template.HTML(fmt.Sprintf(`<svg class="%s" viewBox="0 0 %g %g" preserveAspectRatio="none" %s><path class="area" d="M%.1f,%g L%s L%g,%g Z"/><polyline class="line" points="%s"/></svg>`,
		class, sparkWidth, sparkHeight, role, left, sparkHeight, line.String()[1:], sparkWidth, sparkHeight, line.String()[1:]))
}

// courseWords says in words what a chart of growth shows.
func courseWords(points []uint32, slot time.Duration) string {
	if len(points) < 2 {
		return ""
	}
	return fmt.Sprintf("growth in the last %s, at most %s per second",
		ago(time.Duration(len(points))*slot), perSecond(float64(slices.Max(points))/slot.Seconds()))
}
