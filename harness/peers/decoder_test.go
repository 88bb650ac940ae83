package peers

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A session of HAProxy 2.6.12 with `table quota type string len 8 store gpc0`, as
// its bytes were seen on the wire, with what each message means.
var worked = []struct {
	hex  string
	want string
}{
	{"0000", "control resync request"},
	{"0003", "control resync confirm"},
	{"0a820c01062f71756f746106090400", "define 1 /quota type 6 len 9 expire 0s [gpc0]"},
	{"0a800b0000000205637573743101", "update 2 cust1 [1]"},
	{"0a84050100000002", "ack 1 2"},
	{"0a800b0000000405637573743102", "update 4 cust1 [2]"},
	{"0a8107056375737431" + "03", "incremental update 5 cust1 [3]"},
	{"0004", "control heartbeat"},
	{"0a850f000000060000000005637573743103", "timed update 6 0s cust1 [3]"},
	{"0a850f0000019600000000056375737432c8", "timed update 406 0s cust2 [200]"},
	{"0001", "control resync finished"},
	{"0a850f8000000100000000056375737432c8", "timed update 2147483649 0s cust2 [200]"}, // learned from the old worker
	{"0a860b" + "00007530" + "05637573743222", "timed incremental update 2147483650 30s cust2 [34]"},
	{"0a830101", "switch 1 /quota"},
	{"0002", "control resync partial"},
	{"0101", "fault size limit"},
	{"0a8211010" + "4745f696e0510f051f0c40d0af0e203", "define 1 t_in type 5 len 16 expire 30s [http_req_cnt http_req_rate/10s]"},
	{"0a821202" + "05745f6f75740510f0f1fe0ef0c40d1603", "define 2 t_out type 5 len 16 expire 30s [gpt(3)]"},
}

func TestDecoderReadsTheWorkedSession(t *testing.T) {
	stream, want := workedStream(t)
	if got := decodeAll(t, stream, len(stream)); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}

func TestDecoderReadsOneByteAtATime(t *testing.T) {
	stream, want := workedStream(t)
	if got := decodeAll(t, stream, 1); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}

func TestDecoderAsksForMoreAfterEveryPrefix(t *testing.T) {
	var d Decoder
	for _, m := range worked {
		b := unhex(t, m.hex)
		for end := range b {
			if got, n, err := d.Next(b[:end]); n != 0 || err != nil {
				t.Fatalf("prefix %x of %s: got %v, %d bytes, %v, want nothing yet", b[:end], m.want, got.Kind, n, err)
			}
		}
		if _, n, err := d.Next(b); n != len(b) || err != nil {
			t.Fatalf("%s: took %d of %d bytes, %v", m.want, n, len(b), err)
		}
	}
}

// A payload cut short, with a length that says so, is malformed: nothing more will
// come. Only what follows the data types of a definition may be missing.
func TestDecoderRefusesEveryTruncatedPayload(t *testing.T) {
	for i, m := range worked {
		b := unhex(t, m.hex)
		if b[1] < withPayload {
			continue
		}
		for size := range len(b) - 3 {
			d := decoderAfter(t, i)
			cut := appendFrame(nil, b[0], b[1], b[3:3+size])
			got, _, err := d.Next(cut)
			if strings.HasPrefix(m.want, "define") && size >= complete(t, b[3:]) {
				if err != nil {
					t.Errorf("%s cut to %x: got %v, want a table or nothing", m.want, cut, err)
				}
				continue
			}
			if !errors.Is(err, ErrProtocol) {
				t.Errorf("%s cut to %x: got %v, %v, want %v", m.want, cut, got.Kind, err, ErrProtocol)
			}
		}
	}
}

// complete is the length of a definition up to its data types, which is all that
// HAProxy before 1.8 sent.
func complete(t *testing.T, payload []byte) int {
	c := cursor{b: payload}
	c.varint()
	c.bytes(c.varint())
	for range 3 {
		c.varint()
	}
	if c.err != nil {
		t.Fatal(c.err)
	}
	return c.pos
}

func TestDecoderSkipsWhatItDoesNotKnow(t *testing.T) {
	for _, unknown := range []string{"0005", "007f", "0902", "0a05", "0a87020102", "0b800401020304", "008103aabbcc", "01820155", "fe7f"} {
		var d Decoder
		b := unhex(t, unknown)
		m, n, err := d.Next(b)
		if m.Kind != KindSkipped || n != len(b) || err != nil {
			t.Fatalf("%s: got kind %d, %d bytes, %v, want skipped, %d", unknown, m.Kind, n, err, len(b))
		}
		if m.Skipped.Class != b[0] || m.Skipped.Type != b[1] || m.Skipped.Size != max(len(b)-3, 0) || m.Skipped.Why == nil {
			t.Errorf("%s: got %+v", unknown, *m.Skipped)
		}
	}
}

// What HAProxy ignores although it is about a table: the session goes on, and so do
// the tables that can be read.
func TestDecoderSkipsTablesThatCannotBeRead(t *testing.T) {
	const good, update = "0a820c01062f71756f746106090400", "0a800b0000000205637573743101"
	tests := map[string]string{
		"an update before any definition":       "",
		"a switch to a table never defined":     "0a830102",
		"a key type that does not exist":        "0a820c01062f71756f746103090400",
		"any key type":                          "0a820c01062f71756f746100090400",
		"a key type beyond a byte":              "0a820d01062f71756f7461f101" + "090400",
		"IPv4 keys of 5 bytes":                  "0a820c01062f71756f746104050400",
		"string keys of no length":              "0a820c01062f71756f746106000400",
		"keys longer than any message":          "0a820f01062f71756f746106" + "f181ff00" + "0400",
		"a rate without its period":             "0a820c01062f71756f746106090800",
		"a rate with parameters of another":     "0a820e01062f71756f7461060908" + "00" + "0510",
		"an array without its size":             "0a820f01062f71756f74610609f0f1fe0e" + "00",
		"an array of a million elements":        "0a821401062f71756f74610609f0f1fe0e" + "0016" + "f0b4e803",
		"the number of a good table is used up": good + "0a820c01062f71756f746103090400" + "0a830101",
	}
	for name, hex := range tests {
		var d Decoder
		stream := unhex(t, hex+update)
		var last Message
		for len(stream) > 0 {
			m, n, err := d.Next(stream)
			if err != nil || n == 0 {
				t.Fatalf("%s: %d bytes left, %v", name, len(stream), err)
			}
			last, stream = m, stream[n:]
		}
		if last.Kind != KindSkipped {
			t.Errorf("%s: got %s, want the update skipped", name, describe(last))
		}
		feed(t, &d, unhex(t, good))
		if m := feed(t, &d, unhex(t, update)); m.Kind != KindUpdate {
			t.Errorf("%s: a good table after it: got %s", name, describe(m))
		}
	}
}

// HAProxy before 1.8 sends neither expiry nor periods.
func TestDecoderReadsDefinitionsOfHAProxy1(t *testing.T) {
	var d Decoder
	m := feed(t, &d, unhex(t, "0a82"+"09"+"01"+"046261636b"+"04"+"04"+"0c")) // gpc0, gpc0_rate
	want := []Field{{Type: GPC0, Elements: 1}, {Type: GPC0Rate, Elements: 1}}
	if m.Definition == nil || m.Definition.Name != "back" || !cmp.Equal(m.Definition.Fields, want) {
		t.Fatalf("got %s, want table back with gpc0 and gpc0_rate", describe(m))
	}
	m = feed(t, &d, unhex(t, "0a800c"+"00000001"+"c0000201"+"07"+"0a0b0c"))
	if rate, ok := m.Update.Rate(GPC0Rate, 0); !ok || rate != (Rate{Age: 10 * time.Millisecond, Current: 11, Previous: 12}) {
		t.Errorf("rate: got %+v %v", rate, ok)
	}
}

func TestDecoderKnowsTablesByName(t *testing.T) {
	var d Decoder
	define := func(id uint64, name string) []byte {
		def := Definition{ID: id, Name: name, KeyType: KeyInteger, KeyLen: 4, Fields: []Field{{Type: GPC0, Elements: 1}}}
		return def.AppendTo(nil)
	}
	const explicit, next = "0a80090000001000000001" + "07", "0a81050000000107"
	feed(t, &d, define(1, "/a"))
	feed(t, &d, unhex(t, explicit))
	feed(t, &d, define(2, "/a")) // another number, the same table
	if m := feed(t, &d, unhex(t, next)); m.Update.ID != 0x11 || m.Update.Table.ID != 2 {
		t.Errorf("renumbered: got update %d of table %d, want 17 of 2", m.Update.ID, m.Update.Table.ID)
	}
	if m := feed(t, &d, unhex(t, "0a830101")); m.Kind != KindSkipped {
		t.Errorf("old number: got %s, want it forgotten", describe(m))
	}
	feed(t, &d, define(2, "/b")) // the number is taken away
	if m := feed(t, &d, unhex(t, next)); m.Update.ID != 1 {
		t.Errorf("new table: got update %d, want 1", m.Update.ID)
	}
	feed(t, &d, define(3, "/a"))
	if m := feed(t, &d, unhex(t, next)); m.Update.ID != 0x12 {
		t.Errorf("first table with a third number: got update %d, want 18", m.Update.ID)
	}
}

func TestDecoderKeepsADefinitionThatIsRepeated(t *testing.T) {
	var d Decoder
	words := unhex(t, worked[2].hex)
	first := feed(t, &d, words).Definition
	if again := feed(t, &d, words).Definition; again != first {
		t.Error("got another Definition for the same words")
	}
	longer := unhex(t, "0a820c01062f71756f7461060a0400") // len 9
	if again := feed(t, &d, longer).Definition; again == first || again.KeyLen != 10 || first.KeyLen != 9 {
		t.Errorf("after other words: got key length %d, first has %d", again.KeyLen, first.KeyLen)
	}
}

func TestDecoderReadsAroundUnknownDataTypes(t *testing.T) {
	var d Decoder
	def := Definition{ID: 1, Name: "/q", KeyType: KeyString, KeyLen: 9, Unknown: 1<<30 | 1<<40,
		Fields: []Field{{Type: GPC0, Elements: 1}}}
	feed(t, &d, def.AppendTo(nil))
	m := feed(t, &d, unhex(t, "0a800e00000002056375737431"+"05"+"f0f0f0")) // rubbish where the unknown types are
	if v, ok := m.Update.Uint(GPC0); !ok || v != 5 {
		t.Errorf("gpc0: got %d %v, want 5", v, ok)
	}
	if m.Update.Table.Unknown != def.Unknown {
		t.Errorf("unknown: got %x, want %x", m.Update.Table.Unknown, def.Unknown)
	}
}

func TestDecoderKeepsTheLastIDOfEachTable(t *testing.T) {
	var d Decoder
	one := Definition{ID: 1, Name: "/a", KeyType: KeyInteger, KeyLen: 4}
	two := Definition{ID: 2, Name: "/b", KeyType: KeyInteger, KeyLen: 4}
	feed(t, &d, one.AppendTo(nil))
	feed(t, &d, unhex(t, "0a8008"+"00000010"+"00000001"))
	feed(t, &d, two.AppendTo(nil))
	feed(t, &d, unhex(t, "0a8008"+"ffffffff"+"00000001"))
	if m := feed(t, &d, unhex(t, "0a8104"+"00000002")); m.Update.ID != 0 {
		t.Errorf("after 0xffffffff: got id %d, want 0", m.Update.ID)
	}
	feed(t, &d, one.AppendTo(nil))
	if m := feed(t, &d, unhex(t, "0a8104"+"fffffffe")); m.Update.ID != 0x11 || m.Update.Table.KeyText(m.Update.Key) != "4294967294" {
		t.Errorf("first table again: got id %d key %s, want 17 4294967294", m.Update.ID, m.Update.Table.KeyText(m.Update.Key))
	}
}

func TestDecoderResolvesDictionaryReferences(t *testing.T) {
	var d Decoder
	def := Definition{ID: 1, Name: "/s", KeyType: KeyString, KeyLen: 9, Fields: []Field{
		{Type: ServerID, Elements: 1}, {Type: ServerKey, Elements: 1}, {Type: HTTPFailCnt, Elements: 1}}}
	feed(t, &d, def.AppendTo(nil))
	tests := []struct {
		data string
		want Dict
	}{
		{"03" + "0401" + "026131" + "07", Dict{ID: 1, Text: "a1"}},
		{"03" + "0101" + "07", Dict{ID: 1, Text: "a1", Bare: true}},
		{"03" + "00" + "07", Dict{}},                               // no server
		{"03" + "0102" + "07", Dict{ID: 2, Bare: true}},            // never sent: unknown, not an error
		{"03" + "0401" + "026132" + "07", Dict{ID: 1, Text: "a2"}}, // number reused
	}
	for _, tt := range tests {
		m := feed(t, &d, appendFrame(nil, classTable, typeUpdate, unhex(t, "00000001"+"0161"+tt.data)))
		if m.Update.Dict != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.data, m.Update.Dict, tt.want)
		}
		if v, _ := m.Update.Uint(HTTPFailCnt); v != 7 {
			t.Errorf("%s: value after the dictionary entry: got %d, want 7", tt.data, v)
		}
	}
}

func TestDecoderTruncatesNumbersAsHAProxyStoresThem(t *testing.T) {
	var d Decoder
	def := Definition{ID: 1, Name: "/n", KeyType: KeyInteger, KeyLen: 4, Fields: []Field{
		{Type: ServerID, Elements: 1}, {Type: BytesInCnt, Elements: 1}}}
	feed(t, &d, def.AppendTo(nil))
	minusOne := "fff0fefefefefefefe0e" // int32 -1, sign-extended
	m := feed(t, &d, appendFrame(nil, classTable, typeUpdate, unhex(t, "0000000100000001"+minusOne+minusOne)))
	if want := []uint64{1<<32 - 1, 1<<64 - 1}; !cmp.Equal(m.Update.Values, want) {
		t.Errorf("got %x, want %x", m.Update.Values, want)
	}
	if again := m.Update.AppendTo(nil); !cmp.Equal(again[len(again)-20:], unhex(t, minusOne+minusOne)) {
		t.Errorf("encoded again: got %x, want the same", again)
	}
}

func TestDecoderRefuses(t *testing.T) {
	quota := "0a820c01062f71756f746106090400"
	tests := []struct {
		name, hex string
		want      error
	}{
		{"a reserved class", "ff", ErrProtocol},
		{"a message over the limit", "0a80f0a107", ErrSize}, // 16385 would do, this is more
		{"a length of more than 5 bytes", "0a80ffffffffff", ErrSize},
		{"a length over 64 bits", "0a80ffffffffffffffffffff", ErrProtocol},
		{"a table without a name", "0a82060100" + "06090400", ErrProtocol},
		{"a name longer than its message", "0a820c01ef2f71756f746106090400", ErrProtocol},
		{"a definition without data types", "0a820a01062f71756f74610609", ErrProtocol},
		{"a key as long as its table's limit", quota + "0a800f00000002" + "09616161616161616161" + "01", ErrProtocol},
		{"a key longer than its message", quota + "0a800600000002" + "0561", ErrProtocol},
		{"an update without its value", quota + "0a800a00000002" + "056375737431", ErrProtocol},
		{"a timed update without its time", quota + "0a85060000000200" + "00", ErrProtocol},
		{"an acknowledgement without its number", "0a840401000000", ErrProtocol},
		{"a switch to nothing", "0a8300", ErrProtocol},
		{"a dictionary entry beyond 128", "0a820f01062f71756f74610609f0f1fe0000" + "0a8008" + "00000001" + "0161" + "0181", ErrSize},
		{"a dictionary entry 0", "0a820f01062f71756f74610609f0f1fe0000" + "0a8008" + "00000001" + "0161" + "0100", ErrSize},
	}
	for _, tt := range tests {
		if err := decodeError(unhex(t, tt.hex)); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestDecoderLimitsTheNumberOfTables(t *testing.T) {
	d := Decoder{MaxTables: 2}
	for id, name := range []string{"/a", "/b", "/a", "/c"} { // one twice
		def := Definition{ID: uint64(id), Name: name, KeyType: KeyInteger, KeyLen: 4}
		_, _, err := d.Next(def.AppendTo(nil))
		if want := name == "/c"; errors.Is(err, ErrSize) != want {
			t.Errorf("table %s: got %v, want an error: %v", name, err, want)
		}
	}
}

func TestDecoderAllocatesNothingForUpdates(t *testing.T) {
	d := decoderAfter(t, 3)
	update := unhex(t, worked[3].hex)
	feed(t, d, update)
	if n := testing.AllocsPerRun(100, func() { _, _, _ = d.Next(update) }); n != 0 {
		t.Errorf("got %v allocations per update, want 0", n)
	}
}

func workedStream(t testing.TB) (stream []byte, want []string) {
	for _, m := range worked {
		stream = append(stream, unhex(t, m.hex)...)
		want = append(want, m.want)
	}
	return stream, want
}

// decoderAfter returns a decoder that has read the first messages of the worked session.
func decoderAfter(t testing.TB, messages int) *Decoder {
	var d Decoder
	for _, m := range worked[:messages] {
		feed(t, &d, unhex(t, m.hex))
	}
	return &d
}

func feed(t testing.TB, d *Decoder, b []byte) Message {
	t.Helper()
	m, n, err := d.Next(b)
	if err != nil || n != len(b) {
		t.Fatalf("%x: took %d bytes, %v", b, n, err)
	}
	return m
}

// decodeAll decodes a stream that arrives in pieces of that many bytes.
func decodeAll(t testing.TB, stream []byte, piece int) (messages []string) {
	t.Helper()
	var d Decoder
	var unread []byte
	for len(stream) > 0 {
		size := min(piece, len(stream))
		unread = append(unread, stream[:size]...)
		stream = stream[size:]
		for {
			m, n, err := d.Next(unread)
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				break
			}
			unread = unread[n:]
			messages = append(messages, describe(m))
		}
	}
	if len(unread) > 0 {
		t.Fatalf("%d bytes left over", len(unread))
	}
	return messages
}

func decodeError(b []byte) error {
	var d Decoder
	for {
		_, n, err := d.Next(b)
		if err != nil || n == 0 {
			return err
		}
		b = b[n:]
	}
}

// describe writes a message as the tests print it.
func describe(m Message) string {
	switch m.Kind {
	case KindControl:
		return "control " + m.Control.String()
	case KindFault:
		return "fault " + m.Fault.String()
	case KindDefinition:
		d := m.Definition
		return fmt.Sprintf("define %d %s type %d len %d expire %v %v", d.ID, d.Name, d.KeyType, d.KeyLen, d.Expire, d.Fields)
	case KindSwitch:
		return fmt.Sprintf("switch %d %s", m.Definition.ID, m.Definition.Name)
	case KindAck:
		return fmt.Sprintf("ack %d %d", m.Ack.TableID, m.Ack.ID)
	case KindUpdate:
		return describeUpdate(m.Update)
	default:
		return "skipped"
	}
}

func describeUpdate(u *Update) string {
	var words []string
	if u.Timed {
		words = append(words, "timed")
	}
	if u.Incremental {
		words = append(words, "incremental")
	}
	words = append(words, fmt.Sprintf("update %d", u.ID))
	if u.Timed {
		words = append(words, u.Remaining.Round(time.Millisecond).String())
	}
	words = append(words, u.Table.KeyText(u.Key), fmt.Sprint(u.Values))
	return strings.Join(words, " ")
}
