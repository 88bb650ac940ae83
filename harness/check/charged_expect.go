package check

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/haproof/haproof/harness"
)

// expectation is what a scenario says of the answers that a tracker does not count
// once: [lost RANGE] [doubled RANGE]. What it does not mention must not happen.
type expectation struct {
	text          string
	lost, doubled amounts
}

// amounts is EXPR, which is exact, or EXPR..EXPR, both ends included. The zero
// value is 0.
type amounts struct {
	text      string
	low, high sum
}

// sum is TERM{+TERM}.
type sum []term

// term is an integer, a word, near(DURATION), an integer times another term or a percentage of a
// word, such as 40%all, rounded down.
type term struct {
	times   uint64        // the integer; of a word 1 unless the scenario has another
	percent uint64        // of the word, 1 to 100; 0 for all of it
	word    string        // one of termWords; empty for an integer
	near    time.Duration // of termNear
}

// The words of terms.
const (
	termStopping = "stopping" // dynamic answers of stopping processes
	termNear     = "near"     // dynamic answers that ended so near to a fault
	termAll      = "all"      // dynamic answers
	termSet      = "set"      // what faults added to counters
	termAfter    = "after"    // dynamic answers that ended since the first fault began
)

var termWords = []string{termAfter, termAll, termNear, termSet, termStopping}

// maxFactor bounds the integers of an expectation.
const maxFactor = 1_000_000_000

// parseExpectation reads an expectation. An error says in which column of the text
// it is, the first being 1.
func parseExpectation(text string) (expectation, error) {
	e := expectation{text: text, lost: amounts{text: "0"}, doubled: amounts{text: "0"}}
	p := &reader{text: text}
	for _, part := range []struct {
		name string
		into *amounts
	}{{"lost", &e.lost}, {"doubled", &e.doubled}} {
		if p.blanks(); !p.word(part.name) {
			continue
		}
		if p.blanks() == 0 {
			return e, p.wrong("want a blank and a range after " + part.name)
		}
		var err error
		if *part.into, err = p.amounts(); err != nil {
			return e, err
		}
	}
	if p.blanks(); p.at < len(text) {
		rest := strings.Fields(text[p.at:])[0]
		return e, p.wrong(fmt.Sprintf("%q is not expected here: write [lost RANGE] [doubled RANGE]; %s", rest, harness.Suggest(rest, []string{"lost", "doubled"})))
	}
	return e, nil
}

// reader is a place in the text of an expectation.
type reader struct {
	text string
	at   int
}

func (r *reader) wrong(text string) error {
	return fmt.Errorf("column %d: %s", r.at+1, text)
}

// take goes on by what the function accepts.
func (r *reader) take(accept func(c byte) bool) string {
	from := r.at
	for r.at < len(r.text) && accept(r.text[r.at]) {
		r.at++
	}
	return r.text[from:r.at]
}

func (r *reader) blanks() int { return len(r.take(func(c byte) bool { return c == ' ' })) }

func (r *reader) literal(s string) bool {
	if !strings.HasPrefix(r.text[r.at:], s) {
		return false
	}
	r.at += len(s)
	return true
}

// word takes a word that ends where it should.
func (r *reader) word(s string) bool {
	from := r.at
	if r.literal(s) && (r.at == len(r.text) || !letter(r.text[r.at])) {
		return true
	}
	r.at = from
	return false
}

func letter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func digit(c byte) bool { return '0' <= c && c <= '9' }

// amounts reads RANGE.
func (r *reader) amounts() (amounts, error) {
	from := r.at
	low, err := r.sum()
	if err != nil {
		return amounts{}, err
	}
	high := low
	if r.literal("..") {
		if high, err = r.sum(); err != nil {
			return amounts{}, err
		}
	}
	if r.at < len(r.text) && r.text[r.at] != ' ' {
		return amounts{}, r.wrong(fmt.Sprintf("%q follows the range: want +, .. or a blank", r.text[r.at]))
	}
	return amounts{text: r.text[from:r.at], low: low, high: high}, nil
}

// sum reads EXPR.
func (r *reader) sum() (sum, error) {
	var s sum
	for {
		t, err := r.term()
		if err != nil {
			return nil, err
		}
		if s = append(s, t); !r.literal("+") {
			return s, nil
		}
	}
}

// term reads TERM.
func (r *reader) term() (term, error) {
	from := r.at
	if digits := r.take(digit); digits != "" {
		n, err := strconv.ParseUint(digits, 10, 64)
		if err != nil || n > maxFactor {
			r.at = from
			return term{}, r.wrong(fmt.Sprintf("%s is more than %d", digits, maxFactor))
		}
		if r.literal("%") {
			return r.percentage(n, from)
		}
		if !r.literal("*") {
			return term{times: n}, nil
		}
		t, err := r.term()
		t.times = product(n, t.times)
		return t, err
	}
	word := r.take(letter)
	switch word {
	case termStopping, termAll, termSet, termAfter:
		return term{times: 1, word: word}, nil
	case termNear:
		near, err := r.duration()
		return term{times: 1, word: word, near: near}, err
	}
	r.at = from
	if word == "" {
		return term{}, r.wrong("want a term: an integer, " + strings.Join(termWords, ", "))
	}
	return term{}, r.wrong(fmt.Sprintf("%q is no term: %s", word, harness.Suggest(word, termWords)))
}

// percentage reads the word behind N%, which began at from.
func (r *reader) percentage(n uint64, from int) (term, error) {
	if n < 1 || n > 100 {
		r.at = from
		return term{}, r.wrong(fmt.Sprintf("%d%% is no part: want 1%% to 100%%", n))
	}
	at := r.at
	t, err := r.term()
	if err == nil && (t.word == "" || t.percent > 0 || t.times != 1) {
		r.at = at
		return term{}, r.wrong("want a word after the percentage, such as 40%all")
	}
	t.percent = n
	return t, err
}

// duration reads (DURATION).
func (r *reader) duration() (time.Duration, error) {
	if !r.literal("(") {
		return 0, r.wrong("near needs a duration, such as near(300ms)")
	}
	text := r.take(func(c byte) bool { return c != ')' && c != ' ' })
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		r.at -= len(text)
		return 0, r.wrong(fmt.Sprintf("%q is no duration above 0, such as 300ms", text))
	}
	if !r.literal(")") {
		return 0, r.wrong("want ) after the duration")
	}
	return d, nil
}

// amount is what a word stands for in one trial; the error says why nobody knows.
type amount func(t term) (uint64, error)

// rangeOf returns the range that amounts stand for.
func (a amounts) rangeOf(of amount) (harness.Range, error) {
	low, errLow := a.low.value(of)
	high, errHigh := a.high.value(of)
	return harness.Range{Low: low, High: high, Text: a.text}, cmp.Or(errLow, errHigh)
}

func (s sum) value(of amount) (uint64, error) {
	var total uint64
	for _, t := range s {
		n := uint64(1)
		if t.word != "" {
			var err error
			if n, err = of(t); err != nil {
				return 0, err
			}
			if t.percent > 0 {
				n = n/100*t.percent + n%100*t.percent/100
			}
		}
		total += min(product(t.times, n), math.MaxUint64-total)
	}
	return total, nil
}

// product multiplies; what is too large is the largest number.
func product(a, b uint64) uint64 {
	if high, low := bits.Mul64(a, b); high == 0 {
		return low
	}
	return math.MaxUint64
}
