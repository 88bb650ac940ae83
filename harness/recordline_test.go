package harness

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const ms = time.Millisecond

var typicalAttempt = Attempt{
	Seq: 99_999, Key: "c0012", Intended: 49_999_500_000, Sent: 49_999_561_234, Done: 50_000_795_801,
	Status: 200, Bytes: 512, TLS: true, Dynamic: true, Outcome: OK,
}

func TestAttemptIsOneDocumentedLine(t *testing.T) {
	for _, test := range []struct {
		attempt Attempt
		line    string
	}{
		{Attempt{}, `{"n":0}`}, // the zero value: indeterminate
		{typicalAttempt, `{"n":99999,"k":"c0012","at":49999500000,"lag":61234,"took":1234567,"st":200,"b":512,"tls":1,"dyn":1,"ok":1}`},
		{Attempt{Seq: 1, Outcome: Failed, Cause: CauseConnect, Done: 5}, `{"n":1,"took":5,"failed":1,"why":"connect"}`},
		{Attempt{Seq: 2, Stair: 3, Intended: 9, Sent: 4, Done: 4}, `{"n":2,"stair":3,"at":9,"lag":-5}`}, // sent before it was due
		{Attempt{Seq: 1<<64 - 1, Bytes: 1<<64 - 1}, `{"n":18446744073709551615,"b":18446744073709551615}`},
		{Attempt{Key: "a\"\\\n\u00e9", Cause: "x\x7f"}, `{"n":0,"k":"a\"\\\né","why":"x` + "\x7f" + `"}`},
	} {
		line, err := appendAttempt(nil, &test.attempt)
		if string(line) != test.line || err != nil {
			t.Errorf("got  %s, error %v\nwant %s", line, err, test.line)
		}
		var back Attempt
		if err := newLineParser().parse([]byte(test.line), &back); err != nil {
			t.Errorf("%s: %v", test.line, err)
		}
		if diff := cmp.Diff(test.attempt, back); diff != "" {
			t.Errorf("%s: %s", test.line, diff)
		}
	}
}

func TestTypicalAttemptTakesAtMost110Bytes(t *testing.T) {
	line, err := appendAttempt(nil, &typicalAttempt)
	if err != nil || len(line)+1 > 110 {
		t.Errorf("%d bytes, error %v", len(line)+1, err)
	}
}

func TestKeyThatIsNotUTF8IsRefused(t *testing.T) {
	if line, err := appendAttempt(nil, &Attempt{Key: "\xff"}); err == nil {
		t.Errorf("written as %s", line)
	}
}

func TestFieldsMayComeInAnyOrder(t *testing.T) {
	want, got := Attempt{Seq: 7, Sent: 3, Done: 8, Outcome: OK}, Attempt{}
	err := newLineParser().parse([]byte(`{"took":5,"ok":1,"lag":3,"n":7}`), &got)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v %s", err, diff)
	}
}

func TestBrokenLinesAreNotAttempts(t *testing.T) {
	for _, line := range []string{
		``, `{`, `{}`, `{"n"}`, `{"n":}`, `{"n":1`, `{"n":1}x`, `{"n":1,}`, `{"n":1 }`, `[1]`, `null`,
		`{"n":-1}`, `{"n":18446744073709551616}`, `{"n":"1"}`, `{"n":1.5}`, `{"n":1e3}`, `{"n":99999999999999999999999}`,
		`{"at":9223372036854775808}`, `{"at":-9223372036854775809}`, `{"at":--1}`, `{"at":-}`,
		`{"st":2147483648}`, `{"tls":0}`, `{"tls":true}`, `{"ok":1,"failed":1}`, `{"ok":2}`,
		`{"n":1,"other":2}`, `{"k":c1}`, `{"k":"c1}`, `{"k":"\x"}`, `{"k":7}`,
	} {
		var a Attempt
		if err := newLineParser().parse([]byte(line), &a); err == nil {
			t.Errorf("%s is read as %+v", line, a)
		}
	}
}

func TestEveryPrefixOfALineFails(t *testing.T) {
	line, err := appendAttempt(nil, &Attempt{Seq: 5, Key: "c\"1", Outcome: Failed, Cause: CauseTLS})
	if err != nil {
		t.Fatal(err)
	}
	for n := range line {
		var a Attempt
		if err := newLineParser().parse(line[:n], &a); err == nil {
			t.Errorf("%s is read as %+v", line[:n], a)
		}
	}
}

// FuzzAttemptLine holds the parser against encoding/json, which shares nothing with it.
func FuzzAttemptLine(f *testing.F) {
	f.Add(`{"n":99999,"k":"c0012","at":49999500000,"lag":61234,"took":1234567,"st":200,"b":512,"tls":1,"dyn":1,"ok":1}`)
	f.Add(`{"n":1,"k":"\u00e9","why":"x"}`)
	f.Fuzz(func(t *testing.T, line string) {
		var got Attempt
		if newLineParser().parse([]byte(line), &got) != nil {
			return
		}
		var want struct {
			N   uint64
			K   string
			At  int64
			Why string
		}
		// the parser takes 007 for 7 as appendAttempt never writes it; encoding/json does not
		if err := json.Unmarshal([]byte(line), &want); err != nil && !strings.Contains(err.Error(), "after") && !strings.Contains(err.Error(), "numeric literal") {
			t.Fatalf("%q: parsed as %+v, encoding/json says %v", line, got, err)
		} else if err == nil && (want.N != got.Seq || want.K != got.Key || want.At != int64(got.Intended) || want.Why != string(got.Cause)) {
			t.Fatalf("%q: got %+v, want %+v", line, got, want)
		}
	})
}
