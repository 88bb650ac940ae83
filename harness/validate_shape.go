package harness

import (
	"fmt"
	"time"
)

// mostRate bounds an offered rate, in attempts per second.
const mostRate = 10_000_000

// replayed says whether the times of attempts come from a log.
func (w Workload) replayed() bool { return w.Shape != nil && w.Shape.Kind == ShapeReplay }

// meanRate returns the mean of the offered rate over the duration.
func (w Workload) meanRate() float64 {
	if w.Shape == nil {
		return float64(w.Rate)
	}
	switch w.Shape.Kind {
	case ShapeRamp, ShapeSine:
		return float64(w.Rate+w.Shape.To) / 2
	case ShapeSteps:
		sum := w.Rate
		for _, rate := range w.Shape.Rates {
			sum += rate
		}
		return float64(sum) / float64(1+len(w.Shape.Rates))
	}
	return float64(w.Rate)
}

var shapeRules = []rule{
	ofShape("", func(w *Workload) string {
		if w.Search != nil {
			return "a search has a shape of its own: its stairs"
		}
		return ""
	}, "take shape out, or search"),
	ofShape("kind", func(w *Workload) string {
		if w.Shape.Kind == "" {
			return "the shape has no kind"
		}
		return ""
	}, "add kind: ramp, steps, sine or replay"),
	ofShape("to", func(w *Workload) string {
		wants := w.Shape.Kind == ShapeRamp || w.Shape.Kind == ShapeSine
		return belongs(w, "to", w.Shape.To != 0, wants, w.Shape.To > 0 && w.Shape.To <= mostRate)
	}, "a ramp and a sine have to: 5000/s"),
	ofShape("rates", func(w *Workload) string {
		good := len(w.Shape.Rates) <= 1000
		for _, rate := range w.Shape.Rates {
			good = good && rate > 0 && rate <= mostRate
		}
		return belongs(w, "rates", len(w.Shape.Rates) > 0, w.Shape.Kind == ShapeSteps, good)
	}, "steps have rates: [2000/s, 3000/s], at most 1000"),
	ofShape("period", func(w *Workload) string {
		period := w.Shape.Period
		return belongs(w, "period", period != 0, w.Shape.Kind == ShapeSine, period >= time.Millisecond && period <= 24*time.Hour)
	}, "a sine has period: 10s"),
	ofShape("file", func(w *Workload) string {
		return belongs(w, "file", w.Shape.File != "", w.replayed(), true)
	}, "a replay has file: haproxy.log"),
	ofShape("speed", func(w *Workload) string {
		speed := w.Shape.Speed
		return belongs(w, "speed", speed != 0, w.replayed() && speed != 0, speed > 0 && speed <= 1e6)
	}, "a replay may have speed: 2"),
	{[]string{"workload.shape", "workload.requests", "workload.duration", "workload.rate"}, shapeLength},
	{[]string{"workload.window", "workload.arrivals"}, windowed},
	{[]string{"workload.arrivals"}, func(sc *Scenario) (string, string) {
		if w := &sc.Workload; w.Arrivals != "" && (w.Search != nil || w.replayed()) {
			return "the times of a search and of a replay are given", "take arrivals out"
		}
		return "", ""
	}},
}

// ofShape demands something of the shape, if there is one.
func ofShape(name string, wrong func(*Workload) string, suggestion string) rule {
	path := "workload.shape"
	paths := []string{path}
	if name != "" {
		paths = []string{path + "." + name, path}
	}
	return rule{paths, func(sc *Scenario) (string, string) {
		if sc.Workload.Shape == nil {
			return "", ""
		}
		if text := wrong(&sc.Workload); text != "" {
			return text, suggestion
		}
		return "", ""
	}}
}

// belongs says what is wrong with a field that is given or not, where its kind
// wants it or not.
func belongs(w *Workload, name string, given, wanted, good bool) string {
	switch {
	case w.Shape.Kind == "":
		return "" // the shape has a problem of its own
	case wanted && !given:
		return fmt.Sprintf("a shape of kind %s needs %s", w.Shape.Kind, name)
	case given && !wanted:
		return fmt.Sprintf("a shape of kind %s has no %s", w.Shape.Kind, name)
	case given && !good:
		return fmt.Sprintf("shape.%s is out of range", name)
	}
	return ""
}

// shapeLength demands a duration, which all shapes but a replay are made for.
func shapeLength(sc *Scenario) (text, suggestion string) {
	w := &sc.Workload
	switch {
	case w.Shape == nil || w.Search != nil:
	case w.replayed() && (w.Rate != 0 || w.Duration != 0):
		return "a replay has the rate and the duration of its log", "take rate and duration out; requests: 1000 keeps the first ones"
	case !w.replayed() && w.Duration == 0:
		return "a shape needs a duration", "add duration: 30s instead of requests"
	}
	return "", ""
}

// windowed demands a window for arrivals in windows, and for no others.
func windowed(sc *Scenario) (text, suggestion string) {
	w := &sc.Workload
	switch windows := w.Arrivals == ArrivalsWindows; {
	case windows && (w.Window < time.Millisecond || w.Window > time.Hour):
		return fmt.Sprintf("window is %v, want %v to %v", w.Window, time.Millisecond, time.Hour), "add window: 1s"
	case !windows && w.Window != 0:
		return "only arrivals: windows have a window", "add arrivals: windows, or take window out"
	}
	return "", ""
}
