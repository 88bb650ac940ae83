package audit

import (
	"strings"
)

// line is one line of a configuration that HAProxy takes as one.
type line struct {
	file    string
	number  int // from 1
	words   []string
	unset   []string // environment variables in it that have no value here
	accepts []string // traps that the user knows of, see accepted
}

// word returns a word, or nothing where there are fewer.
func (l line) word(i int) string {
	if i < len(l.words) {
		return l.words[i]
	}
	return ""
}

// after returns the word that follows a keyword, and whether the keyword is there.
func (l line) after(keyword string) (string, bool) {
	for i, word := range l.words {
		if word == keyword {
			return l.word(i + 1), true
		}
	}
	return "", false
}

// accepted reads the comment by which a user accepts what a trap says, on the
// line itself or above it: "# haproof: accept drain-missing verify-none".
func accepted(comment string) []string {
	text, found := strings.CutPrefix(strings.TrimSpace(strings.TrimLeft(comment, "#")), "haproof: accept ")
	if !found {
		return nil
	}
	return strings.Fields(text)
}
