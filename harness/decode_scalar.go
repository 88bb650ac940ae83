package harness

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// text decodes any single value as it is written; so version: 3.0 is "3.0".
func (d *decoder) text(v value, into *string) {
	if d.is(v, yaml.ScalarNode) {
		*into = strings.TrimSpace(v.node.Value)
	}
}

// name decodes one of the known names of something.
func (d *decoder) name(v value, what string, known []string, into *string) {
	var name string
	d.text(v, &name)
	if d.broken[v.path] {
		return
	}
	for _, k := range known {
		if name == k {
			*into = name
			return
		}
	}
	d.wrong(v, fmt.Sprintf("unknown %s %q", what, name), Suggest(name, known))
}

// number returns the text of a value that is written as a number: not quoted.
func (d *decoder) number(v value) (string, bool) {
	if !d.is(v, yaml.ScalarNode) {
		return "", false
	}
	if v.node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		d.wrong(v, fmt.Sprintf("%s is text, want a number", v.path), "write it without quotes")
		return "", false
	}
	return strings.ReplaceAll(strings.TrimSpace(v.node.Value), "_", ""), true
}

func (d *decoder) integer(v value, into *int) {
	text, ok := d.number(v)
	if !ok {
		return
	}
	if n, err := strconv.ParseInt(text, 10, 32); err == nil && !octal(text) {
		*into = int(n)
		return
	}
	d.wrong(v, fmt.Sprintf("%s is %q, want a whole number", v.path, v.node.Value), "write a whole number such as 4")
}

func (d *decoder) unsigned(v value, into *uint64) {
	text, ok := d.number(v)
	if !ok {
		return
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil && !octal(text) {
		*into = n
		return
	}
	d.wrong(v, fmt.Sprintf("%s is %q, want a whole number from 0", v.path, v.node.Value), "write a whole number such as 100000")
}

// octal says whether YAML would read a number to another base than people do.
func octal(text string) bool { return len(text) > 1 && text[0] == '0' }

func (d *decoder) float(v value, into *float64) {
	text, ok := d.number(v)
	if !ok {
		return
	}
	if f, ok := finite(text); ok {
		*into = f
		return
	}
	suggestion := "write a number such as 0.5"
	if f, ok := finite(strings.TrimSuffix(text, "%")); ok {
		suggestion = fmt.Sprintf("write %v", f/100)
	}
	d.wrong(v, fmt.Sprintf("%s is %q, want a number", v.path, v.node.Value), suggestion)
}

func finite(text string) (float64, bool) {
	f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return f, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
}

func (d *decoder) share(v value, into *Share) { d.float(v, (*float64)(into)) }

// loosely matches a number and whatever someone took for its unit.
var loosely = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)\s*([a-zA-Zµ/ ]*)$`)

// rate decodes attempts per second, written 2000/s.
func (d *decoder) rate(v value, into *Rate) {
	if !d.is(v, yaml.ScalarNode) {
		return
	}
	text := strings.TrimSpace(v.node.Value)
	f, found, ok := rateOf(text)
	if found && ok && f > 0 {
		*into = Rate(f)
		return
	}
	suggestion := "want a rate such as 2000/s"
	if m := loosely.FindStringSubmatch(text); m != nil && !found && !minutely.MatchString(m[2]) {
		suggestion = fmt.Sprintf("want a rate such as 2000/s: write %s/s", m[1])
	}
	problem := "is no rate"
	switch {
	case found && ok:
		problem = "is not above 0"
	case ok:
		problem = "has no unit"
	}
	d.wrong(v, fmt.Sprintf("%s %q %s", v.path, text, problem), suggestion)
}

// rateOf reads the number of a rate. found says whether it has the unit, ok whether
// it is a number.
func rateOf(text string) (f float64, found, ok bool) {
	amount, found := strings.CutSuffix(text, "/s")
	f, ok = finite(strings.ReplaceAll(amount, "_", ""))
	return f, found, ok
}

// ParseRate reads a rate above 0, such as 2000/s.
func ParseRate(text string) (Rate, error) {
	f, found, ok := rateOf(strings.TrimSpace(text))
	if !found || !ok || f <= 0 || f > mostRate {
		return 0, fmt.Errorf("%q is no rate such as 2000/s", text)
	}
	return Rate(f), nil
}

// minutely finds units that are not per second, which must not be guessed at.
var minutely = regexp.MustCompile(`(?i)m|h|d`)

// units are what people write for the units of time.Duration.
var units = map[string]string{
	"": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
	"min": "m", "mins": "m", "minute": "m", "minutes": "m",
	"hour": "h", "hours": "h",
	"msec": "ms", "millis": "ms", "millisecond": "ms", "milliseconds": "ms",
	"usec": "us", "micros": "us", "microsecond": "us", "microseconds": "us",
	"s": "s", "m": "m", "h": "h", "ms": "ms", "us": "us", "µs": "us", "ns": "ns",
}

// duration decodes a time as Go writes it: 30s, 1m30s, 300us.
func (d *decoder) duration(v value, into *time.Duration) {
	if !d.is(v, yaml.ScalarNode) {
		return
	}
	text := strings.TrimSpace(v.node.Value)
	if t, err := time.ParseDuration(text); err == nil && text != "0" {
		*into = t
		return
	}
	suggestion := "want a duration such as 30s, 1m30s or 300us"
	if m := loosely.FindStringSubmatch(text); m != nil {
		if unit, ok := units[strings.ToLower(strings.TrimSpace(m[2]))]; ok {
			suggestion = fmt.Sprintf("want a duration such as 30s: write %s%s", m[1], unit)
		}
	}
	problem := "is no duration"
	if _, ok := finite(text); ok {
		problem = "has no unit"
	}
	d.wrong(v, fmt.Sprintf("%s %q %s", v.path, text, problem), suggestion)
}

// texts decodes a list of single values as they are written.
func (d *decoder) texts(v value, into *[]string) {
	if !d.is(v, yaml.SequenceNode) {
		return
	}
	list := make([]string, len(v.node.Content))
	for i, n := range v.node.Content {
		d.text(value{fmt.Sprintf("%s.%d", v.path, i), n}, &list[i])
	}
	*into = list
}

func (d *decoder) boolean(v value, into *bool) {
	if !d.is(v, yaml.ScalarNode) {
		return
	}
	switch text := strings.TrimSpace(v.node.Value); text {
	case "true", "false":
		*into = text == "true"
	default:
		d.wrong(v, fmt.Sprintf("%s is %q, want true or false", v.path, v.node.Value), "write true or false")
	}
}
