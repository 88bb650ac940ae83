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
	if o.seed != nil {
		words = append(words, "--seed", strconv.FormatUint(*o.seed, 10))
	}
	return shellLine(append(words, scenario))
}

// shellLine writes words for a shell.
func shellLine(words []string) string {
	line := make([]string, len(words))
	for i, w := range words {
		line[i] = quoted(w)
	}
	return strings.Join(line, " ")
}
