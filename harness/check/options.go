package check

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// options are the options of a check as written in a scenario. Asking for one
// makes it known; what nobody asked for is an error.
type options struct {
	given map[string]string
	known map[string]bool
	errs  []error
}

// share reads a fraction above 0 up to 1.
func (o *options) share(name string, fallback float64) float64 {
	text, ok := o.take(name)
	if !ok {
		return fallback
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || !(value > 0 && value <= 1) {
		o.errs = append(o.errs, fmt.Errorf("option %s: %q is no share above 0 up to 1", name, text))
	}
	return value
}

// percentage reads a share above 0 that is written with its sign, such as "25%",
// and may be above 100%.
func (o *options) percentage(name string, fallback float64) float64 {
	text, ok := o.take(name)
	if !ok {
		return fallback
	}
	number, signed := strings.CutSuffix(text, "%")
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || !signed || !(value > 0 && value <= 1e6) {
		o.errs = append(o.errs, fmt.Errorf("option %s: %q is no percentage above 0, such as 25%%", name, text))
	}
	return value / 100
}

// duration reads a duration above 0, such as "10ms".
func (o *options) duration(name string, fallback time.Duration) time.Duration {
	text, ok := o.take(name)
	if !ok {
		return fallback
	}
	value, err := time.ParseDuration(text)
	if err != nil || value <= 0 {
		o.errs = append(o.errs, fmt.Errorf("option %s: %q is no duration above 0, such as 10ms", name, text))
	}
	return value
}

// whole reads a whole number; none is 0.
func (o *options) whole(name string) uint64 {
	text, ok := o.take(name)
	if !ok {
		return 0
	}
	value, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		o.errs = append(o.errs, fmt.Errorf("option %s: %q is no whole number, such as 0", name, text))
	}
	return value
}

// factor reads how many times as much something may be, 1 or more; none is 0.
func (o *options) factor(name string) float64 {
	text, ok := o.take(name)
	if !ok {
		return 0
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || !(value >= 1 && value <= 1e6) {
		o.errs = append(o.errs, fmt.Errorf("option %s: %q is no factor of 1 or more, such as 2", name, text))
	}
	return value
}

// factorOr is factor with a fallback.
func (o *options) factorOr(name string, fallback float64) float64 {
	if value := o.factor(name); value != 0 {
		return value
	}
	return fallback
}

// flag reads true or false.
func (o *options) flag(name string) bool {
	text, ok := o.take(name)
	if !ok {
		return false
	}
	value, err := strconv.ParseBool(text)
	if err != nil {
		o.errs = append(o.errs, fmt.Errorf("option %s: %q is neither true nor false", name, text))
	}
	return value
}

func (o *options) take(name string) (string, bool) {
	o.known[name] = true
	text, ok := o.given[name]
	return text, ok
}

func (o *options) err() error {
	for _, name := range slices.Sorted(maps.Keys(o.given)) {
		if !o.known[name] {
			o.errs = append(o.errs, fmt.Errorf("unknown option %q: %s", name, o.choice()))
		}
	}
	return errors.Join(o.errs...)
}

func (o *options) choice() string {
	if len(o.known) == 0 {
		return "this check has none"
	}
	return "there are " + strings.Join(slices.Sorted(maps.Keys(o.known)), ", ")
}
