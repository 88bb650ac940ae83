package peers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// plan is a table as one would teach it, and what it looks like on the wire.
var plan = Definition{Name: "/plan", KeyType: KeyString, KeyLen: 65, Fields: []Field{{Type: GPT0, Elements: 1}}}

const planHex = "0a820b01052f706c616e06410200"

func deny(key string, tag uint64) Entry { return Entry{Key: []byte(key), Values: []uint64{tag}} }

// acceptedSession is like accepted, for tests that need the session.
func acceptedSession(t *testing.T, cfg Config, h Handler) (theirs *haproxy, s *Session, ended func() error) {
	t.Helper()
	ours, theirs := connect(t)
	if _, err := theirs.conn.Write([]byte("HAProxyS 2.1\ntracker\nhap1 14487 1\n")); err != nil {
		t.Fatal(err)
	}
	s, err := Accept(t.Context(), ours, cfg, admitAll)
	if err != nil {
		t.Fatal(err)
	}
	theirs.hear("3230300a")
	return theirs, s, running(t, s, h)
}

func taught(t *testing.T, s *Session, table string, want Taught) {
	t.Helper()
	if got := s.Taught(table); got != want {
		t.Errorf("%s: got %+v, want %+v", table, got, want)
	}
}

func awaitTaught(t *testing.T, s *Session, table string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.AwaitTaught(ctx, table); err != nil {
		t.Error(err)
	}
}

func TestTeachSaysWhatHAProxyUnderstands(t *testing.T) {
	h, s, _ := acceptedSession(t, quick, newNotes())
	h.hear("0000")
	timed := deny("cust2", 1)
	timed.Remaining = 30 * time.Second
	if err := s.Teach(&plan, deny("cust1", 1), timed); err != nil {
		t.Fatal(err)
	}
	h.hear(planHex + "0a800b" + "00000001" + "056375737431" + "01" + "0a850f" + "00000002" + "00007530" + "056375737432" + "01")
	if err := s.Teach(&plan, deny("cust1", 0)); err != nil {
		t.Fatal(err)
	}
	h.hear("0a800b" + "00000003" + "056375737431" + "00") // the number is never left out
	taught(t, s, "/plan", Taught{Sent: 3})
	h.say("0a84050100000002")
	h.say("0a84050100000003")
	awaitTaught(t, s, "/plan")
	taught(t, s, "/plan", Taught{Sent: 3, Applied: 3})
}

func TestTeachTakesTurnsBetweenTables(t *testing.T) {
	h, s, _ := acceptedSession(t, quick, newNotes())
	h.hear("0000")
	other := plan
	other.Name = "/p"
	const otherHex = "0a820802022f7006410200"
	for _, step := range []struct {
		def  *Definition
		want string
	}{
		{&plan, planHex + "0a80070000000101" + "61" + "01"},
		{&other, otherHex + "0a80070000000101" + "61" + "01"},
		{&plan, planHex + "0a80070000000201" + "61" + "01"},
	} {
		if err := s.Teach(step.def, deny("a", 1)); err != nil {
			t.Fatal(err)
		}
		h.hear(step.want)
	}
}

func TestTeachRefuses(t *testing.T) {
	cfg := quick
	cfg.NeverTeach = []string{"/quota"}
	h, s, _ := acceptedSession(t, cfg, newNotes())
	h.hear("0000")
	with := func(change func(*Definition)) *Definition {
		d := plan
		change(&d)
		return &d
	}
	wide := Field{Type: GPT, Elements: maxElements}
	tests := []struct {
		name  string
		def   *Definition
		entry Entry
		want  error
	}{
		{"a forbidden table", with(func(d *Definition) { d.Name = "/quota" }), deny("a", 1), ErrForbidden},
		{"a table without a name", with(func(d *Definition) { d.Name = "" }), deny("a", 1), ErrUnfit},
		{"a table without data types", with(func(d *Definition) { d.Fields = nil }), Entry{Key: []byte("a")}, ErrUnfit},
		{"data types out of order", with(func(d *Definition) { d.Fields = []Field{{Type: GPC0, Elements: 1}, {Type: GPT0, Elements: 1}} }), deny("a", 1), ErrUnfit},
		{"two elements of what is no array", with(func(d *Definition) { d.Fields = []Field{{Type: GPC0, Elements: 2}} }), deny("a", 1), ErrUnfit},
		{"an unknown data type", with(func(d *Definition) { d.Fields = []Field{{Type: 40, Elements: 1}} }), deny("a", 1), ErrUnfit},
		{"a key type without encoding", with(func(d *Definition) { d.KeyType = 0 }), deny("a", 1), ErrUnfit},
		{"a key that HAProxy would cut", &plan, deny(strings.Repeat("x", 65), 1), ErrUnfit},
		{"a key that would end early", &plan, deny("a\x00b", 1), ErrUnfit},
		{"an address of 3 bytes", with(func(d *Definition) { d.Name, d.KeyType, d.KeyLen = "/ip", KeyIPv4, 4 }), deny("abc", 1), ErrUnfit},
		{"no value", &plan, Entry{Key: []byte("a")}, ErrUnfit},
		{"a value of 33 bits", &plan, deny("a", 1<<32), ErrUnfit},
		{"a time in the past", &plan, Entry{Key: []byte("a"), Values: []uint64{1}, Remaining: -1}, ErrUnfit},
		{"a message beyond the limit", with(func(d *Definition) { d.Name, d.KeyLen, d.Fields = "/w", 16384, []Field{wide} }),
			Entry{Key: []byte(strings.Repeat("k", 16383)), Values: make([]uint64, maxElements)}, ErrUnfit},
	}
	for _, tt := range tests {
		if err := s.Teach(tt.def, tt.entry); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
	if err := s.Teach(&plan, deny("a\x00", 1), deny("b", 1), Entry{}); !errors.Is(err, ErrUnfit) {
		t.Errorf("one of three fits: got %v, want %v", err, ErrUnfit)
	}
	h.hear("0a82") // nothing was sent before
	taught(t, s, "/plan", Taught{Sent: 1})
}

func TestTeachUsesTheKeyLengthOfThePeersTable(t *testing.T) {
	h, s, _ := acceptedSession(t, quick, newNotes())
	h.hear("0000")
	h.say("0a820b03052f706c616e06090200" + "0000") // len 8
	h.hear("0001")
	if err := s.Teach(&plan, deny("12345678", 1), deny("123456789", 1)); !errors.Is(err, ErrUnfit) {
		t.Errorf("9 bytes in a table for 8: got %v, want %v", err, ErrUnfit)
	}
	h.hear("0a820b01052f706c616e06090200" + "0a800e" + "00000001" + "083132333435363738" + "01")
	number := plan
	number.KeyType, number.KeyLen = KeyInteger, 4
	if err := s.Teach(&number, Entry{Key: []byte{0, 0, 0, 1}, Values: []uint64{1}}); !errors.Is(err, ErrUnfit) {
		t.Errorf("integers in a table of strings: got %v, want %v", err, ErrUnfit)
	}
}

// teacher is a Handler that teaches the same to everyone.
type teacher struct {
	notes
	entries []Entry
	fail    error
	bang    bool
}

func (c *teacher) Lesson(s *Session) error {
	c.add("lesson")
	if c.bang {
		panic(c.fail)
	}
	if err := s.Teach(&plan, c.entries...); err != nil {
		return err
	}
	return c.fail
}

func TestTeacherAnswersAResyncRequest(t *testing.T) {
	for answer, fail := range map[string]error{"0001": nil, "0002": fmt.Errorf("starting: %w", ErrPartial)} {
		c := &teacher{entries: []Entry{deny("cust1", 1)}, fail: fail}
		h, _, _ := acceptedSession(t, quick, c)
		h.hear("0000")
		h.say("0000")
		h.hear(planHex + "0a800b" + "00000001" + "056375737431" + "01" + answer)
		if want := []string{"resync request", "lesson"}; !cmp.Equal(c.all(), want) {
			t.Error(cmp.Diff(want, c.all()))
		}
	}
}

func TestTeacherThatFailsEndsTheSession(t *testing.T) {
	c := &teacher{fail: errors.New("no plans")}
	h, _, ended := acceptedSession(t, quick, c)
	h.say("0000")
	if err := ended(); !errors.Is(err, c.fail) {
		t.Errorf("got %v, want %v", err, c.fail)
	}
}

func TestTeacherThatPanicsDoesItInRun(t *testing.T) {
	c := &teacher{fail: errors.New("no plans"), bang: true}
	ours, h := connect(t)
	h.conn.Write([]byte("HAProxyS 2.1\ntracker\nhap1 1 1\n" + "\x00\x00"))
	s, err := Accept(t.Context(), ours, quick, admitAll)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if got, ok := recover().(error); !ok || !errors.Is(got, c.fail) {
			t.Errorf("got %v, want %v", got, c.fail)
		}
	}()
	t.Errorf("session ended without it: %v", s.Run(t.Context(), c))
}

// Both sides teach megabytes at the same time, which is more than the kernel keeps
// between them.
func TestTwoTeachersDoNotWaitForEachOther(t *testing.T) {
	entries := make([]Entry, 300_000)
	for i := range entries {
		entries[i] = deny(fmt.Sprintf("customer-with-a-long-name-%06d", i), 1)
	}
	ours, theirs := connect(t)
	called := make(chan *Session, 1)
	go func() {
		s, err := Call(t.Context(), theirs.conn, Config{Name: "hap1", Read: patience, Write: patience}, "tracker")
		if err != nil {
			t.Error(err)
		}
		called <- s
	}()
	one, err := Accept(t.Context(), ours, Config{Name: "tracker", Read: patience, Write: patience}, admitAll)
	if err != nil {
		t.Fatal(err)
	}
	two := <-called
	ctx, cancel := context.WithCancel(t.Context())
	var ends []func() error
	for _, s := range []*Session{one, two} {
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx, &teacher{entries: entries}) }()
		ends = append(ends, func() error { return <-done })
	}
	patient, stop := context.WithTimeout(ctx, 4*patience)
	defer stop()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for _, s := range []*Session{one, two} {
		for s.Taught("/plan").Sent < uint64(len(entries)) && patient.Err() == nil {
			<-poll.C
		}
		if err := s.AwaitTaught(patient, "/plan"); err != nil {
			t.Error(err)
		}
	}
	cancel()
	for _, end := range ends {
		if err := end(); !errors.Is(err, context.Canceled) {
			t.Errorf("end: got %v", err)
		}
	}
}

// HAProxy 3.3 does not acknowledge what it learns in a lesson, and confirms a lesson
// about tables that it does not have. One entry again makes the difference.
func TestConfirmedLessonIsAppliedOnceTheTableIsProven(t *testing.T) {
	c := &teacher{entries: []Entry{deny("a", 1), deny("b", 1)}}
	h, s, _ := acceptedSession(t, quick, c)
	h.hear("0000")
	h.say("0000")
	h.hear(planHex + "0a80070000000101" + "61" + "01" + "0a80070000000201" + "62" + "01" + "0001")
	h.say("0003")
	h.hear("0a80070000000301" + "62" + "01")
	taught(t, s, "/plan", Taught{Sent: 3})
	h.say("0a84050100000003")
	awaitTaught(t, s, "/plan")
	taught(t, s, "/plan", Taught{Sent: 3, Applied: 3})

	h.say("0000") // another lesson: the table is known to be there
	h.hear("0a80070000000401" + "61" + "01" + "0a80070000000501" + "62" + "01" + "0001")
	h.say("0003")
	awaitTaught(t, s, "/plan")
	taught(t, s, "/plan", Taught{Sent: 5, Applied: 5})
}

func TestConfirmationThatNobodyAskedForProvesNothing(t *testing.T) {
	h, s, _ := acceptedSession(t, quick, newNotes())
	h.hear("0000")
	if err := s.Teach(&plan, deny("a", 1)); err != nil {
		t.Fatal(err)
	}
	h.say("0003" + "0a84050100000000" + "0a84050100000002" + "0a84050900000001" + "0000") // and acks of what was never sent
	h.hear(planHex + "0a80070000000101" + "61" + "01" + "0001")
	taught(t, s, "/plan", Taught{Sent: 1})
}

// A table of the peer that turns out to be another one than it was taught: the peer
// has ignored everything, so it is taught anew, under another number.
func TestTeacherTeachesAgainWhatThePeerHasIgnored(t *testing.T) {
	c := &teacher{entries: []Entry{deny("a", 1)}}
	h, s, _ := acceptedSession(t, quick, c)
	h.hear("0000")
	h.say("0000")
	h.hear(planHex + "0a80070000000101" + "61" + "01" + "0001")
	h.say("0a820b03052f706c616e06090200")
	h.hear("0a820b02052f706c616e06090200" + "0a80070000000101" + "61" + "01")
	h.say("0a84050200000001")
	awaitTaught(t, s, "/plan")
	taught(t, s, "/plan", Taught{Sent: 1, Applied: 1})
}

func TestTeachFailsWhenTheSessionIsBroken(t *testing.T) {
	h, s, ended := acceptedSession(t, quick, newNotes())
	h.conn.Close()
	_ = ended()
	if err := s.Teach(&plan, deny("a", 1)); err == nil {
		t.Error("taught a closed connection")
	}
	if err := s.AwaitTaught(t.Context(), "/plan"); err == nil {
		t.Error("a peer that is gone has applied everything")
	}
}

func TestTeachGivesUpOnAPeerThatDoesNotRead(t *testing.T) {
	cfg := quick
	cfg.Write, cfg.Read = 50*time.Millisecond, patience
	_, s, _ := acceptedSession(t, cfg, newNotes())
	entries := make([]Entry, 1_000_000)
	for i := range entries {
		entries[i] = deny(fmt.Sprintf("customer%06d", i), 1)
	}
	if err := s.Teach(&plan, entries...); err == nil {
		t.Error("20 MB went into a connection that nobody reads")
	}
}

// Many teachers at once: every message is whole, every number is there once.
func TestTeachFromManyGoroutines(t *testing.T) {
	h, s, _ := acceptedSession(t, quick, newNotes())
	const teachers, each = 8, 500
	for g := range teachers {
		go func() {
			def := plan
			def.Name = fmt.Sprintf("/plan%d", g%3)
			for i := range each {
				if err := s.Teach(&def, deny(fmt.Sprintf("%d-%d", g, i), 1)); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	if err := h.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	var d Decoder
	seen := map[string]uint32{} // table to its last number
	for updates, unread := 0, []byte(nil); updates < teachers*each; {
		m, n, err := d.Next(unread)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			var chunk [4096]byte
			n, err := h.conn.Read(chunk[:])
			if err != nil {
				t.Fatalf("after %d updates: %v", updates, err)
			}
			unread = append(unread, chunk[:n]...)
			continue
		}
		unread = unread[n:]
		if m.Kind == KindUpdate {
			updates++
			if name := m.Update.Table.Name; m.Update.ID != seen[name]+1 || m.Update.Incremental {
				t.Fatalf("%s: update %d after %d", name, m.Update.ID, seen[name])
			} else {
				seen[name]++
			}
		}
	}
}

func TestTaughtSurvivesTheWrapOfItsNumbers(t *testing.T) {
	l := &lesson{taught: Taught{Sent: 1<<32 + 5, Applied: 1<<32 - 2}}
	for _, step := range []struct {
		id   uint32
		want uint64
	}{
		{0xffffffff, 1<<32 - 1},
		{0, 1 << 32},
		{3, 1<<32 + 3},
		{2, 1<<32 + 3}, // late
		{5, 1<<32 + 5},
	} {
		if l.acked(step.id); l.taught.Applied != step.want {
			t.Errorf("after %d: got %d, want %d", step.id, l.taught.Applied, step.want)
		}
	}
	if got := l.nextID(); got != 6 {
		t.Errorf("next: got %d, want 6", got)
	}
}
