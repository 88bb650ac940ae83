package audit

import (
	"fmt"
	"strconv"
	"strings"
)

// noSlot is the slot of an increment that names its entry itself.
const noSlot = -2

// increments returns what a rule increases: by an action, or by a fetch or a
// converter in its expressions and conditions.
func (p *proxy) increments(r rule) []count {
	var all []count
	if r.increases() {
		index, slot := r.moved()
		all = append(all, count{proxy: p, rule: r, index: index, slot: slot})
	}
	for _, word := range p.asked(r) {
		if strings.Contains(word, "_inc_gpc") {
			all = append(all, p.incrementsIn(r, expression(strings.TrimPrefix(word, "!")))...)
		}
	}
	return all
}

// asked returns the words of a rule that may be expressions, those of its ACLs too.
func (p *proxy) asked(r rule) []string {
	words := append(append([]string(nil), r.words...), r.condition...)
	for _, word := range r.condition {
		for _, test := range p.acls[strings.TrimPrefix(word, "!")] {
			words = append(words, test[0])
		}
	}
	return words
}

func (p *proxy) incrementsIn(r rule, samples []sample) []count {
	var all []count
	for i, s := range samples {
		who, counter, increments := strings.Cut(s.name, "_inc_gpc")
		if !increments {
			continue
		}
		n := count{proxy: p, rule: r, slot: noSlot}
		args := s.args
		if counter == "" && len(args) > 0 { // the array form names the element first
			counter, args = args[0], args[1:]
		}
		n.index = integer(counter)
		switch {
		case who == "table":
			n.tracks = []track{{proxy: p, rule: r, slot: noSlot, text: fmt.Sprint(samples[:i]), steps: samples[:i], table: s.table()}}
		case who == "src":
			n.tracks = []track{{proxy: p, rule: r, slot: noSlot, text: "src", steps: []sample{{name: "src"}}, table: firstOr(args, p.name)}}
		case who == "sc":
			n.slot = integer(firstOr(args, ""))
		case strings.HasPrefix(who, "sc"):
			n.slot = integer(who[2:])
		}
		all = append(all, n)
	}
	return all
}

func firstOr(args []string, otherwise string) string {
	if len(args) == 0 || args[0] == "" {
		return otherwise
	}
	return args[0]
}

// integer is a small number: 0 if left out, -1 if it is none.
func integer(text string) int {
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}
