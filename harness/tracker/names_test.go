package tracker

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNamesInTextAreToldApart(t *testing.T) {
	for name, want := range map[string]string{
		"c0001":        "c0001",
		"müller.test":  "müller.test",
		"":             "",
		"m\xfcller":    "m%FCller", // Latin-1
		"m%FCller":     "m%25FCller",
		"\xff\xfe":     "%FF%FE",
		"a\xc3":        "a%C3", // cut off in the middle of a character
		"\uFFFD":       "\uFFFD",
		"50%":          "50%25",
		"\xed\xa0\x80": "%ED%A0%80", // a surrogate is no UTF-8
	} {
		if got := inText(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

// Over the wire and through JSON: what a customer of the API sees.
func TestServerKeepsCustomersApartWhoseNamesAreNoText(t *testing.T) {
	s := serving(t, Config{})
	p := call(t, s, "hap1", 1)
	p.push(1, quota, "x\xfe|1", 3, "x\xff|1", 4, "x\uFFFD|1", 5)
	_, body := get(t, s, "/v1/counts")
	var got struct {
		Total     uint64
		Customers map[string]uint64
	}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]uint64{"x%FE": 3, "x%FF": 4, "x\uFFFD": 5}
	if diff := cmp.Diff(want, got.Customers); diff != "" || got.Total != 12 {
		t.Errorf("total %d, customers (-want +got):\n%s", got.Total, diff)
	}
}
