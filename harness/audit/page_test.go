package audit

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	page     = "../../docs/DOCTOR.md"
	pageMark = "<!-- The list below is written by `go test ./harness/audit -run Page -update`. -->\n"
)

// The list of docs/DOCTOR.md is that of the program.
func TestPageTellsEveryTrap(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, list, marked := strings.Cut(string(text), pageMark)
	if !marked {
		t.Fatalf("%s: no %s", page, pageMark)
	}
	if *update {
		list = listOfTraps()
		if err := os.WriteFile(page, []byte(head+pageMark+list), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(listOfTraps(), list); diff != "" {
		t.Errorf("%s (-program +page):\n%s", page, diff)
	}
}

func listOfTraps() string {
	var list strings.Builder
	for _, trap := range Traps() {
		fmt.Fprintf(&list, "\n### %s\n\n- %s: %s\n- Why: %s\n- Mend: %s\n", trap.ID, trap.Severity, trap.What, trap.Why, trap.Mend)
	}
	return list.String()
}

func TestTrapsSayWhyInOneSentenceAndHowToMendThem(t *testing.T) {
	for _, trap := range Traps() {
		for _, text := range []string{trap.What, trap.Why, trap.Mend} {
			if !strings.HasSuffix(text, ".") || len(text) < 10 || text[0] < 'A' || text[0] > 'Z' {
				t.Errorf("%s: %q is no sentence", trap.ID, text)
			}
		}
		if strings.Contains(trap.Why, ". ") {
			t.Errorf("%s: why takes more than one sentence: %s", trap.ID, trap.Why)
		}
	}
}
