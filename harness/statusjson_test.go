package harness

import (
	"encoding/json"
	"testing"
)

func TestStatusIsAWordInJSON(t *testing.T) {
	got, err := json.Marshal([]Status{Pass, Fail, Unknown})
	if want := `["pass","fail","unknown"]`; string(got) != want || err != nil {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	var back []Status
	if err := json.Unmarshal(got, &back); err != nil || len(back) != 3 || back[0] != Pass || back[1] != Fail || back[2] != Unknown {
		t.Errorf("back %v, %v", back, err)
	}
}

func TestOtherWordsAreNoStatus(t *testing.T) {
	for _, text := range []string{`"PASS"`, `""`, `"ok"`, `1`} {
		s := Fail
		if err := json.Unmarshal([]byte(text), &s); err == nil {
			t.Errorf("%s is read as %s", text, s)
		}
	}
	if text, err := json.Marshal(Status(3)); err == nil {
		t.Errorf("status 3 is written as %s", text)
	}
}
