package main

import (
	"regexp"
	"strconv"
	"strings"
)

// plainWord matches what a shell takes as it stands.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:=,@%+-]+$`)

// quoted writes a word for a shell.
func quoted(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// commandLine is what plays the scenario again in the same way.
func (o *runOptions) commandLine(engine, scenario string) string {
	words := []string{"haproof", "run", "--engine", engine}
	if o.haproxy != "" {
		words = append(words, "--haproxy", o.haproxy)
	}
	for _, s := range o.sets {
		words = append(words, "--set", s)
	}
	if o.trials > 0 {
		words = append(words, "--trials", strconv.Itoa(o.trials))
	}
	words = append(words, scenario)
	for i, w := range words {
		words[i] = quoted(w)
	}
	return strings.Join(words, " ")
}
