package witness

import (
	"os/exec"
	"strings"
	"testing"
)

// The judge shares no code with the accused.
func TestWitnessesAndChecksImportNothingOfTheTracker(t *testing.T) {
	for _, judge := range []string{"witness", "check", "runtimeapi"} {
		pkg := "github.com/haproof/haproof/harness/" + judge
		out, err := exec.Command("go", "list", "-deps", pkg).CombinedOutput()
		if err != nil {
			t.Fatalf("go list: %v\n%s", err, out)
		}
		deps := strings.Fields(string(out))
		if len(deps) < 20 {
			t.Fatalf("%s has %d dependencies: that is no answer", pkg, len(deps))
		}
		for _, dep := range deps {
			for _, accused := range []string{"harness/peers", "harness/tracker"} {
				if dep == "github.com/haproof/haproof/"+accused || strings.HasPrefix(dep, "github.com/haproof/haproof/"+accused+"/") {
					t.Errorf("%s depends on %s", pkg, dep)
				}
			}
		}
	}
}
