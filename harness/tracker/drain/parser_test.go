package drain

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const plainRecord = `QT1 source="hap1" gen="1795234442405" seq="7" customer="c0001"`

func line(source, generation string, seq uint64, customer string) Line {
	return Line{Mark{Process{source, generation}, seq}, customer}
}

// The messages are what HAProxy 2.6.12 wrote, in each of its formats.
func TestParserReadsEveryFormatOfHAProxy(t *testing.T) {
	want := line("hap1", "1795234442405", 7, "c0001")
	for name, message := range map[string]string{
		"raw":                   plainRecord,
		"short":                 "<5>" + plainRecord,
		"priority":              "<133>" + plainRecord,
		"timed":                 "<5>2026-11-21T04:14:26.004779+00:00 " + plainRecord,
		"iso":                   "2026-11-21T04:14:26.004779+00:00 " + plainRecord,
		"local":                 "<133>Nov 21 04:14:26 haproxy[14266]: " + plainRecord,
		"local, without a tag":  "<133>Nov 21 04:14:26 " + plainRecord,
		"rfc3164":               "<133>Nov  1 04:14:26 localhost haproxy[14266]: " + plainRecord,
		"rfc3164 after a relay": "<133>2026-11-21T04:14:26+00:00 web1 haproxy[14266]: " + plainRecord,
		"rfc5424 message":       "<133>1 2026-11-21T04:14:26.004779+00:00 - haproxy 14266 - - " + plainRecord,
		"rfc5424 with a mark":   "<133>1 2026-11-21T04:14:26.004779+00:00 - haproxy 14266 - - \ufeff" + plainRecord,
		"rfc5424 element": "<133>1 2026-11-21T04:14:26.004779+00:00 - haproxy 14266 - [" + plainRecord +
			`] 127.0.0.1:40250 [21/Nov/2026:04:14:25.003] front application/application "GET /?d=1s HTTP/1.1"`,
		"rfc5424 element alone": "<133>1 - - - - - [" + plainRecord + "]",
		"something follows":     plainRecord + ` future="1"`,
	} {
		got, err := new(Parser).Parse([]byte(message))
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

// The values are what url_enc of HAProxy 2.6.12 made of the names.
func TestParserReadsOddNames(t *testing.T) {
	for encoded, want := range map[string]string{
		"with%20space":                    "with space",
		"q%22uote%27s":                    `q"uote's`,
		"per%25cent%2541":                 "per%cent%41",
		"pi%7Cpe":                         "pi|pe",
		"F%C3%BC%C3%9Fe%E6%97%A5":         "Füße日",
		"b%5Cack%5Ds%5B":                  `b\ack]s[`,
		"tab%09here":                      "tab\there",
		"-":                               "-",
		"":                                "",
		strings.Repeat("a", 200):          strings.Repeat("a", 200),
		strings.Repeat("%ff", 1024):       strings.Repeat("\xff", 1024),
		"%00":                             "\x00",
		"a+b":                             "a+b", // a plus is a plus
		"[literal=ascii,is;fine!|{}'`<>)": "[literal=ascii,is;fine!|{}'`<>)",
	} {
		got, err := new(Parser).Parse([]byte(`QT1 source="h" gen="1" seq="0" customer="` + encoded + `"`))
		if err != nil || got.Customer != want {
			t.Errorf("%.40q: got %q, %v", encoded, got.Customer, err)
		}
	}
}

func TestParserTellsForeignLines(t *testing.T) {
	for _, message := range []string{
		"",
		"<132>1 2026-11-21T04:14:25.330384+00:00 - haproxy 14266 - - Proxy front stopped (cumulated conns: FE: 12, BE: 0).",
		`<134>1 2026-11-21T04:14:25.330384+00:00 - haproxy 14266 - [- source="hap1" gen="1" seq="1" customer="-"] text`, // not drained
		`<134>Nov 21 04:14:02 localhost haproxy[14152]: 127.0.0.1:37054 front "GET /` + plainRecord + ` HTTP/1.1"`,
		`127.0.0.1:37054 front "GET /: ` + plainRecord + `"`,
		"<134>1 - - - - - - text " + plainRecord,                // said by a client
		"<134>1 - - - - - [other a=\"1\"][" + plainRecord + "]", // not the first element
		"<134>Nov 21 04:14:02 a b c: " + plainRecord,            // no header has three words
		"QT2" + plainRecord[3:],                                                               // of another version
		" " + plainRecord, "<>" + plainRecord, "<13x>" + plainRecord, "<12345>" + plainRecord, // no priorities
	} {
		if got, err := new(Parser).Parse([]byte(message)); !errors.Is(err, ErrForeign) {
			t.Errorf("%q: got %+v, %v, want ErrForeign", message, got, err)
		}
	}
}

func TestParserRefusesWhatIsNotRight(t *testing.T) {
	record := func(source, generation, seq, customer string) string {
		return fmt.Sprintf(`QT1 source="%s" gen="%s" seq="%s" customer="%s"`, source, generation, seq, customer)
	}
	for _, message := range []string{
		record("", "1", "1", "c"), record("h", "", "1", "c"), record("h", "1", "", "c"),
		record("h", "-", "1", "c"), // HAProxy's variable is not set
		record("h", "1", "-1", "c"), record("h", "1", "1e3", "c"), record("h", "1", "0x1", "c"),
		record("h", "1", "18446744073709551616", "c"),
		record("h", "1", "1", "%"), record("h", "1", "1", "%4"), record("h", "1", "1", "%zz"), record("h", "1", "1", "a%4"),
		record("h", "1", "1", "a b"), record("h", "1", "1", "a\nb"), record("h", "1", "1", "ü"), record("h", "1", "1", `a\b`), record("h", "1", "1", "a]b"),
		record("h", "1", "1", strings.Repeat("a", MaxCustomer+1)),
		record(strings.Repeat("h", MaxSource+1), "1", "1", "c"),
		record("h", strings.Repeat("1", MaxGeneration+1), "1", "c"),
		record("h", "1", "1", "c") + "x", record("h", "1", "1", "c") + `"`,
		`QT1 gen="1" source="h" seq="1" customer="c"`, // out of order
		`QT1 source=h gen=1 seq=1 customer=c`,         // no quotes: who knows whether it was cut
	} {
		if got, err := new(Parser).Parse([]byte(message)); err == nil || errors.Is(err, ErrForeign) {
			t.Errorf("%.100q: got %+v, %v, want it refused", message, got, err)
		}
	}
}

// HAProxy cuts lines at "len"; a name that was cut is another name.
func TestParserCountsNoPrefixOfARecord(t *testing.T) {
	for _, message := range []string{plainRecord, "<133>1 - - - - - [" + plainRecord + "] text"} {
		whole := strings.Index(message, `c0001"`) + len(`c0001"`)
		for n := range whole {
			if got, err := new(Parser).Parse([]byte(message[:n])); err == nil {
				t.Errorf("%q: got %+v, want it refused", message[:n], got)
			}
		}
	}
}

func TestParserKeepsBoundedNames(t *testing.T) {
	var p Parser
	for i := range 3 * maxNames {
		if _, err := p.Parse(fmt.Appendf(nil, `QT1 source="h" gen="1" seq="%d" customer="c%d"`, i, i)); err != nil {
			t.Fatal(err)
		}
		if len(p.names) > maxNames {
			t.Fatalf("%d names kept, limit %d", len(p.names), maxNames)
		}
	}
}

func TestParserKeepsNothingOfItsInput(t *testing.T) {
	var p Parser
	message := []byte(plainRecord)
	got, err := p.Parse(message)
	if err != nil {
		t.Fatal(err)
	}
	clear(message)
	if diff := cmp.Diff(line("hap1", "1795234442405", 7, "c0001"), got); diff != "" {
		t.Error(diff)
	}
}

func TestParserAllocatesNothingForKnownNames(t *testing.T) {
	var p Parser
	message := []byte("<133>1 2026-11-21T04:14:26.004779+00:00 - haproxy 14266 - [" + plainRecord + "] text")
	allocations := testing.AllocsPerRun(100, func() {
		if _, err := p.Parse(message); err != nil {
			t.Fatal(err)
		}
	})
	if allocations != 0 {
		t.Errorf("got %v allocations per line, want 0", allocations)
	}
}
