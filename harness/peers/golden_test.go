package peers

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// The streams under fixtures/peers were captured from real HAProxies; see the
// README there. The text of `show table` beside them says what they must mean.
const fixtures = "../../fixtures/peers"

// golden is one captured connection.
type golden struct {
	name   string // version/scene-n
	hello  []byte
	stream []byte // after the greeting
	oracle string // path of the table's text; only the scene's last connection has it
}

func goldens(t testing.TB) []golden {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(fixtures, "*", "*-*.bin"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no captured streams in %s: %v", fixtures, err)
	}
	var all []golden
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		n := greetingOf(t, path, b)
		g := golden{name: strings.TrimSuffix(path[len(fixtures)+1:], ".bin"), hello: b[:n], stream: b[n:]}
		scene, number, _ := strings.Cut(strings.TrimSuffix(path, ".bin"), "-")
		next := fmt.Sprintf("%s-%d.bin", scene, number[0]-'0'+1)
		if _, err := os.Stat(next); errors.Is(err, os.ErrNotExist) {
			g.oracle = scene + ".table.txt"
		}
		all = append(all, g)
	}
	return all
}

// greetingOf returns the length of what comes before the first message: the greeting of
// an HAProxy that has called, or the status of one that was called.
func greetingOf(t testing.TB, path string, b []byte) int {
	t.Helper()
	if status, n, err := ParseStatus(b); err == nil && status == StatusOK {
		return n
	}
	hello, n, refusal := parseHello(b)
	if refusal != 0 || n == 0 || hello.From != "hap1" || hello.To != "tracker" || hello.PID == 0 {
		t.Fatalf("%s: greeting %+v, %v", path, hello, refusal)
	}
	return n
}

// state is table name to key to the values of the entry, written as `show table` does.
type state map[string]map[string]string

// oracleState reads the text of `show table`.
func oracleState(t *testing.T, path string) state {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := state{}
	name := ""
	entry := regexp.MustCompile(`^0x[0-9a-f]+: key=(\S*) use=\d+ exp=\d+ (?:shard=\d+ )?(.*)$`)
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "# table: tracker"); ok {
			name, _, _ = strings.Cut(rest, ",")
			all[name] = map[string]string{}
		} else if found := entry.FindStringSubmatch(line); found != nil {
			all[name][found[1]] = found[2]
		} else if line != "" {
			t.Fatalf("%s: cannot read %q", path, line)
		}
	}
	return all
}

// streamState is what the last update of each key says.
func streamState(t *testing.T, stream []byte, piece int) state {
	t.Helper()
	var d Decoder
	all := state{}
	start := 0
	for end := 0; end < len(stream); {
		end = min(end+piece, len(stream))
		for {
			m, n, err := d.Next(stream[start:end])
			if err != nil {
				t.Fatalf("at byte %d: %v", start, err)
			}
			if n == 0 {
				break
			}
			start += n
			switch m.Kind {
			case KindDefinition:
				if all[m.Definition.Name] == nil {
					all[m.Definition.Name] = map[string]string{}
				}
			case KindUpdate:
				all[m.Update.Table.Name][m.Update.Table.KeyText(m.Update.Key)] = shown(t, m.Update)
			}
		}
	}
	if start != len(stream) {
		t.Fatalf("%d bytes left over", len(stream)-start)
	}
	return all
}

// shown writes the values of an update as `show table` does. Rates are captured in
// their first period, so that they are simply the current count.
func shown(t *testing.T, u *Update) string {
	var words []string
	for _, f := range u.Table.Fields {
		if dataTypes[f.Type].enc == encDict {
			words = append(words, fmt.Sprintf("%v=%s", f.Type, cmp.Or(u.Dict.Text, "-")))
			continue
		}
		for i := range f.Elements {
			name := f.Type.String()
			if dataTypes[f.Type].array { // gpt0 gpt1 …, gpc0_rate gpc1_rate …
				stem, rest, rated := strings.Cut(name, "_")
				name = fmt.Sprintf("%s%d", stem, i)
				if rated {
					name += "_" + rest
				}
			}
			if dataTypes[f.Type].enc != encFreq {
				v, _ := u.Element(f.Type, i)
				if f.Type == ServerID {
					words = append(words, fmt.Sprintf("%s=%d", name, int32(v)))
					continue
				}
				words = append(words, fmt.Sprintf("%s=%d", name, v))
				continue
			}
			rate, ok := u.Rate(f.Type, i)
			if !ok || rate.Previous != 0 {
				t.Errorf("rate %v of %s: %+v", f, u.Key, rate)
			}
			words = append(words, fmt.Sprintf("%s(%d)=%d", name, f.Period.Milliseconds(), rate.Current))
		}
	}
	return strings.Join(words, " ")
}

func TestGoldenStreamsMeanWhatShowTableSays(t *testing.T) {
	for _, g := range goldens(t) {
		if g.oracle == "" {
			continue
		}
		want := oracleState(t, g.oracle)
		for _, piece := range []int{len(g.stream), 1, 7} {
			if got := streamState(t, g.stream, piece); !gocmp.Equal(got, want) {
				t.Errorf("%s in pieces of %d: %s", g.name, piece, gocmp.Diff(want, got))
			}
		}
	}
}

func TestGoldenStreamsCanBeEncodedAgain(t *testing.T) {
	for _, g := range goldens(t) {
		var d Decoder
		for rest := g.stream; len(rest) > 0; {
			m, n, err := d.Next(rest)
			if err != nil || n == 0 {
				t.Fatalf("%s: %d bytes before the end: %v", g.name, len(rest), err)
			}
			if got := encode(m); !bytes.Equal(got, rest[:n]) {
				t.Errorf("%s: %x became %s became %x", g.name, rest[:n], describe(m), got)
			}
			rest = rest[n:]
		}
	}
}

func encode(m Message) []byte {
	switch m.Kind {
	case KindControl:
		return m.Control.AppendTo(nil)
	case KindFault:
		return m.Fault.AppendTo(nil)
	case KindDefinition:
		return m.Definition.AppendTo(nil)
	case KindSwitch:
		return Switch{TableID: m.Definition.ID}.AppendTo(nil)
	case KindUpdate:
		return m.Update.AppendTo(nil)
	case KindAck:
		return m.Ack.AppendTo(nil)
	default:
		return nil
	}
}

func TestGoldenGreetingsCanBeEncodedAgain(t *testing.T) {
	for _, g := range goldens(t) {
		if status, _, err := ParseStatus(g.hello); err == nil {
			if got := status.AppendTo(nil); !bytes.Equal(got, g.hello) {
				t.Errorf("%s: got %q, want %q", g.name, got, g.hello)
			}
			continue
		}
		hello, _, _ := parseHello(g.hello)
		if got := hello.AppendTo(nil); !bytes.Equal(got, g.hello) {
			t.Errorf("%s: got %q, want %q", g.name, got, g.hello)
		}
		for end := range g.hello {
			if _, n, refusal := parseHello(g.hello[:end]); n != 0 || refusal != 0 {
				t.Errorf("%s: prefix %q: got %d bytes, %v, want nothing yet", g.name, g.hello[:end], n, refusal)
			}
		}
	}
}

// Every strict prefix decodes to the same messages as far as it goes, without error.
func TestGoldenPrefixesAskForMore(t *testing.T) {
	for _, g := range goldens(t) {
		var d Decoder
		for start := 0; start < len(g.stream); {
			size := 0
			for end := start; size == 0; end++ {
				_, n, err := d.Next(g.stream[start:end])
				if err != nil {
					t.Fatalf("%s: bytes %d to %d: %v", g.name, start, end, err)
				}
				if n != 0 && n != end-start {
					t.Fatalf("%s: bytes %d to %d: took %d", g.name, start, end, n)
				}
				size = n
			}
			start += size
		}
	}
}

// Once a stream has been read, reading the same again costs no memory: not for
// updates, not for tables that are defined again in turn, not for dictionary entries.
func TestGoldenStreamsAreReadWithoutAllocating(t *testing.T) {
	for _, g := range goldens(t) {
		var d Decoder
		read := func() {
			for rest := g.stream; len(rest) > 0; {
				_, n, err := d.Next(rest)
				if err != nil || n == 0 {
					t.Fatalf("%s: %d bytes before the end: %v", g.name, len(rest), err)
				}
				rest = rest[n:]
			}
		}
		// The mean is rounded down: many runs, so that what else the process does does not count.
		if n := testing.AllocsPerRun(100, read); n != 0 {
			t.Errorf("%s: got %v allocations, want 0", g.name, n)
		}
	}
}

// Together the streams show what there is to decode. Arrays came with HAProxy 2.5,
// the last two types with 3.0.
func TestGoldenStreamsShowEveryDataTypeAndKeyType(t *testing.T) {
	types, keys, kinds := map[DataType]bool{}, map[KeyType]bool{}, map[string]bool{}
	for _, g := range goldens(t) {
		var d Decoder
		for rest := g.stream; len(rest) > 0; {
			m, n, err := d.Next(rest)
			if err != nil || n == 0 {
				t.Fatalf("%s: %d bytes before the end: %v", g.name, len(rest), err)
			}
			kinds[fmt.Sprintf("%d %02x", rest[0], rest[1])] = true
			if rest = rest[n:]; m.Kind != KindUpdate {
				continue
			}
			keys[m.Update.Table.KeyType] = true
			for _, f := range m.Update.Table.Fields {
				types[f.Type] = true
			}
		}
	}
	for i := range dataTypes {
		if !types[DataType(i)] {
			t.Errorf("no %v", DataType(i))
		}
	}
	for key, name := range keyNames {
		if !keys[key] {
			t.Errorf("no keys of type %s", name)
		}
	}
	for _, kind := range []string{"0 00", "0 01", "0 03", "0 04", "10 80", "10 81", "10 82", "10 85", "10 86"} {
		if !kinds[kind] {
			t.Errorf("no message %s", kind)
		}
	}
}
