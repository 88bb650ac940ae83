package harness

import (
	"fmt"
	"slices"
	"strings"
)

// Suggest names the known name nearest to an unknown one, or all known names
// where none is near.
func Suggest(name string, known []string) string {
	if near := nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	if len(known) == 0 {
		return ""
	}
	return "known: " + strings.Join(slices.Sorted(slices.Values(known)), ", ")
}

// nearest returns the known name within about a third of the name's length in edits,
// or one that the name begins or is begun by.
func nearest(name string, known []string) string {
	if len(name) > 100 {
		return ""
	}
	best, least := "", max((len(name)+1)/3, 1)+1
	for _, k := range known {
		if edits := distance(strings.ToLower(name), k); edits < least {
			best, least = k, edits
		}
	}
	if best != "" || len(name) < 3 {
		return best
	}
	for _, k := range known {
		if strings.HasPrefix(k, name) || strings.HasPrefix(name, k) {
			return k
		}
	}
	return ""
}

// distance counts the insertions, deletions and substitutions of bytes that
// turn a into b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
