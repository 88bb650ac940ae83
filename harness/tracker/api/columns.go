package api

import (
	"fmt"
	"html/template"
	"math"
	"strings"
	"time"
)

// The size of a chart of usage, in its own units.
const (
	chartWidth  = 1120
	chartHeight = 240
	chartLeft   = 0
	chartTop    = 18
	chartBottom = 24 // for the labels of time
	maxColumns  = 800
)

// columnChart draws usage by buckets: one column for each from from to to, those
// without usage included.
func columnChart(u *UsageDetail) template.HTML {
	by := bucket(u.Bucket)
	counts := make(map[time.Time]uint64, len(u.Buckets))
	most := uint64(0)
	for _, b := range u.Buckets {
		counts[b.Start.UTC()] = b.Count
		most = max(most, b.Count)
	}
	var starts []time.Time
	for at := by.start(u.From); at.Before(u.To) && len(starts) < maxColumns; at = by.next(at) {
		starts = append(starts, at)
	}
	top := roundUp(most)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %d %d" role="img" aria-label="usage by the %s, at most %s">`, chartWidth, chartHeight, by, grouped(most))
	rules(&b, top)
	step := float64(chartWidth-chartLeft) / float64(len(starts))
	labelled := by.labelled(len(starts))
	for i, at := range starts {
		x := chartLeft + float64(i)*step
		if n := counts[at]; n > 0 {
			height := math.Max(1.5, float64(n)/float64(top)*plotHeight)
			fmt.Fprintf(&b, `<rect class="column" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2"><title>%s: %s</title></rect>`,
				x+step*.1, chartTop+plotHeight-height, step*.8, height, by.label(at), grouped(n))
		}
		if text := labelled(i, at); text != "" && (i == 0 || x < chartWidth-60) {
			fmt.Fprintf(&b, `<text x="%.1f" y="%d">%s</text>`, x+step*.1, chartHeight-6, text)
		}
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}

const plotHeight = chartHeight - chartTop - chartBottom

// rules are the lines at nothing, half and all of the height.
func rules(b *strings.Builder, top uint64) {
	for _, share := range []float64{0, .5, 1} {
		y := chartTop + plotHeight*(1-share)
		fmt.Fprintf(b, `<line class="rule" x1="0" x2="%d" y1="%.1f" y2="%.1f"/>`, chartWidth, y, y)
		if share > 0 && float64(top)*share == math.Trunc(float64(top)*share) {
			fmt.Fprintf(b, `<text x="0" y="%.1f">%s</text>`, y-5, grouped(uint64(float64(top)*share)))
		}
	}
}

// labelled returns what is written under a column, empty for most: about eight labels
// in all, those of a few days at round hours.
func (b bucket) labelled(columns int) func(i int, start time.Time) string {
	every := max(1, (columns+7)/8)
	if b != byHour || every > 12 {
		return func(i int, start time.Time) string {
			if i%every != 0 {
				return ""
			}
			return start.Format(map[bucket]string{byHour: "Jan 2", byDay: "Jan 2", byMonth: "Jan 2006"}[b])
		}
	}
	for 24%every != 0 {
		every++
	}
	return func(_ int, start time.Time) string {
		switch {
		case start.Hour() == 0:
			return start.Format("Jan 2")
		case start.Hour()%every == 0:
			return start.Format("15:04")
		default:
			return ""
		}
	}
}

// roundUp returns a number that is not smaller, with a short half.
func roundUp(n uint64) uint64 {
	for _, small := range []uint64{1, 2, 4, 6, 8} {
		if n <= small {
			return small
		}
	}
	for power := uint64(1); power <= math.MaxUint64/100; power *= 10 {
		for _, digits := range []uint64{10, 12, 16, 20, 24, 30, 40, 50, 60, 80} {
			if n <= digits*power {
				return digits * power
			}
		}
	}
	return n
}

// label names a bucket.
func (b bucket) label(start time.Time) string {
	switch b {
	case byMonth:
		return start.Format("January 2006")
	case byDay:
		return start.Format("Mon 2006-01-02")
	default:
		return start.Format("2006-01-02 15:04")
	}
}
