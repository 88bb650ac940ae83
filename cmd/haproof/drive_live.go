package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/stats"
)

// live shows every second how a drive goes: on a terminal a few lines that are drawn
// again in place, elsewhere a line each. Meanwhile the log is written above them.
type live struct {
	to      io.Writer
	width   int // of the terminal, 0 where there is none
	log     *logs
	logWas  io.Writer
	offered func(at time.Duration) float64 // nil where nobody knows
	stop    chan struct{}
	ended   sync.WaitGroup

	mu    sync.Mutex
	began time.Time // of driving, zero before
	last  time.Time // when it was shown last
	drawn int       // lines on the terminal
	shown harness.Progress

	done, errors  uint64 // since the beginning
	causes        map[harness.Cause]uint64
	second        uint64 // attempts since it was shown last
	response, lag *stats.Histogram
}

var _ display = (*live)(nil)

func newLive(to io.Writer, width int, log *logs, offered func(at time.Duration) float64) *live {
	l := &live{
		to: to, width: width, log: log, offered: offered, stop: make(chan struct{}),
		causes: map[harness.Cause]uint64{}, response: stats.NewHistogram(), lag: stats.NewHistogram(),
	}
	l.logWas = log.move(l)
	l.ended.Go(l.tick)
	return l
}

// tick shows how it goes until the end, also while nothing comes back.
func (l *live) tick() {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-l.stop:
			return
		case now := <-ticker.C:
			l.draw(now)
		}
	}
}

// watch sees an attempt that has ended.
func (l *live) watch(a harness.Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done++
	l.second++
	if a.Cause != "" && a.Cause != harness.CauseAborted {
		l.errors++
		l.causes[a.Cause]++
	}
	l.response.Record(a.Latency())
	if a.Cause != harness.CauseShed {
		l.lag.Record(a.Lag())
	}
}

func (l *live) show(p harness.Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shown = p
	if p.Phase == "driving" && l.began.IsZero() {
		l.began = time.Now()
		l.last = l.began
	}
}

// draw shows the second that has passed, and begins the next one.
func (l *live) draw(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.began.IsZero() || l.shown.Phase != "driving" || now.Sub(l.last) <= 0 {
		return
	}
	lines := l.lines(now)
	l.second, l.last = 0, now
	l.response, l.lag = stats.NewHistogram(), stats.NewHistogram()
	if l.width == 0 {
		fmt.Fprintln(l.to, strings.Join(lines, "  "))
		return
	}
	var b strings.Builder
	b.WriteString(l.erase())
	for _, line := range lines {
		b.WriteString(clipped(line, l.width) + "\n")
	}
	l.drawn = len(lines)
	_, _ = io.WriteString(l.to, b.String())
}

// lines say how the second went.
func (l *live) lines(now time.Time) []string {
	at := now.Sub(l.began)
	rate := fmt.Sprintf("%.0f/s ended", float64(l.second)/now.Sub(l.last).Seconds())
	if l.offered != nil {
		rate = fmt.Sprintf("%.0f/s offered, ", l.offered(at)) + rate
	}
	times, lag := "nothing ended", "-"
	if l.response.Count() > 0 {
		times = fmt.Sprintf("p50 %v  p99 %v  max %v", brief(l.response.Quantile(0.5)), brief(l.response.Quantile(0.99)), brief(l.response.Max()))
	}
	if l.lag.Count() > 0 {
		lag = brief(l.lag.Quantile(0.99)).String()
	}
	amount := fmt.Sprint(l.done)
	if l.shown.Total > 0 {
		amount += fmt.Sprintf(" of %d", l.shown.Total)
	}
	return []string{
		fmt.Sprintf("%4.0fs  %s", at.Seconds(), amount), rate, times + "  lag p99 " + lag, l.wrong(),
	}
}

// wrong says what went wrong until now, what happens most first.
func (l *live) wrong() string {
	if l.errors == 0 {
		return "no errors"
	}
	causes := slices.SortedFunc(maps.Keys(l.causes), func(a, b harness.Cause) int {
		return cmp.Or(cmp.Compare(l.causes[b], l.causes[a]), cmp.Compare(a, b))
	})
	parts := make([]string, len(causes))
	for i, cause := range causes {
		parts[i] = fmt.Sprintf("%d %s", l.causes[cause], cause)
	}
	return fmt.Sprintf("%d errors: %s", l.errors, strings.Join(parts, ", "))
}

// erase takes the lines off the terminal.
func (l *live) erase() string {
	if l.drawn == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA\x1b[J", l.drawn)
}

// Write puts a line of the log above what is drawn.
func (l *live) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	erase := l.erase()
	l.drawn = 0
	if _, err := io.WriteString(l.to, erase); err != nil {
		return 0, err
	}
	return l.to.Write(line)
}

// close leaves what was shown last.
func (l *live) close() {
	close(l.stop)
	l.ended.Wait()
	l.log.move(l.logWas)
}

// clipped keeps a line on one line of a terminal.
func clipped(line string, width int) string {
	if runes := []rune(line); len(runes) >= width {
		return string(runes[:max(0, width-1)])
	}
	return line
}

// brief leaves a duration three digits or so.
func brief(d time.Duration) time.Duration {
	for unit := time.Duration(10); unit <= time.Second; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit / 10)
		}
	}
	return d.Round(time.Second / 10)
}
