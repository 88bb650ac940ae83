package reports

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
)

func TestEveryFieldOfResultIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../docs/RESULT.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range fieldsOf(reflect.TypeFor[harness.Result](), map[reflect.Type]bool{}) {
		if !strings.Contains(string(doc), "`"+name+"`") {
			t.Errorf("docs/RESULT.md does not name %q", name)
		}
	}
}

// fieldsOf collects the JSON names of all fields that a type leads to.
func fieldsOf(of reflect.Type, seen map[reflect.Type]bool) map[string]bool {
	names := map[string]bool{}
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return fieldsOf(of.Elem(), seen)
	case reflect.Struct:
		if seen[of] || of == reflect.TypeFor[time.Time]() {
			return names
		}
		seen[of] = true
		for i := range of.NumField() {
			name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			if name == "-" {
				continue
			}
			if !of.Field(i).Anonymous { // else its fields are those of what it is embedded in
				names[name] = true
			}
			for inner := range fieldsOf(of.Field(i).Type, seen) {
				names[inner] = true
			}
		}
	}
	return names
}
