package peers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// patience is how long a test waits for what must come, however busy the machine is.
const patience = 2 * time.Minute

// quick says soon what time demands, and gives nobody up before the test does.
var quick = Config{
	Name: "tracker", Heartbeat: 20 * time.Millisecond, Read: patience, Write: patience,
	Handshake: patience, ResyncRetry: 20 * time.Millisecond, ResyncEvery: -1,
}

func admitAll(Hello) Status { return StatusOK }

// notes is a Handler that writes down what it is told.
type notes struct {
	sync.Mutex
	lines  []string
	refuse error
}

func newNotes() *notes { return &notes{} }

func (n *notes) Update(u *Update)  { n.add(describeUpdate(u)) }
func (n *notes) Control(c Control) { n.add(c.String()) }
func (n *notes) Commit() error     { return n.refuse }

func (n *notes) add(line string) {
	n.Lock()
	defer n.Unlock()
	n.lines = append(n.lines, line)
}

func (n *notes) all() []string {
	n.Lock()
	defer n.Unlock()
	return n.lines
}

// haproxy is the test's end of a connection, driven by hand.
type haproxy struct {
	t    *testing.T
	conn *net.TCPConn
}

// connect returns both ends of a TCP connection over the loopback.
func connect(t *testing.T) (ours net.Conn, theirs *haproxy) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ours, err = ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return ours, &haproxy{t, conn.(*net.TCPConn)}
}

func (h *haproxy) say(hex string) {
	h.t.Helper()
	if _, err := h.conn.Write(unhex(h.t, hex)); err != nil {
		h.t.Fatal(err)
	}
}

// hear waits until the bytes have arrived, ignoring heartbeats before them.
func (h *haproxy) hear(want string) {
	h.t.Helper()
	if err := h.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		h.t.Fatal(err)
	}
	expected := unhex(h.t, want)
	for len(expected) > 0 {
		var got [2]byte
		n := min(2, len(expected))
		if _, err := io.ReadFull(h.conn, got[:n]); err != nil {
			h.t.Fatalf("still expecting %x: %v", expected, err)
		}
		if n == 2 && bytes.Equal(got[:], []byte{0, 4}) {
			continue
		}
		if !bytes.Equal(got[:n], expected[:n]) {
			h.t.Fatalf("got %x, want %x", got[:n], expected)
		}
		expected = expected[n:]
	}
}

// hearNext waits for exactly these bytes, heartbeats included.
func (h *haproxy) hearNext(want string) {
	h.t.Helper()
	if err := h.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		h.t.Fatal(err)
	}
	got := make([]byte, len(want)/2)
	if _, err := io.ReadFull(h.conn, got); err != nil || !bytes.Equal(got, unhex(h.t, want)) {
		h.t.Fatalf("got %x, %v, want %s", got, err, want)
	}
}

// accepted returns a session that an HAProxy has opened, running, and a way to wait for its end.
func accepted(t *testing.T, cfg Config, h Handler) (theirs *haproxy, ended func() error) {
	t.Helper()
	ours, theirs := connect(t)
	if _, err := theirs.conn.Write([]byte("HAProxyS 2.1\ntracker\nhap1 14487 1\n")); err != nil {
		t.Fatal(err)
	}
	s, err := Accept(t.Context(), ours, cfg, admitAll)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Hello{2, 1, "tracker", "hap1", 14487}); s.Peer() != want {
		t.Errorf("greeting: got %+v, want %+v", s.Peer(), want)
	}
	theirs.hear("3230300a")
	return theirs, running(t, s, h)
}

func running(t *testing.T, s *Session, h Handler) (ended func() error) {
	done := make(chan error, 1)
	go func() { done <- s.Run(t.Context(), h) }()
	return func() error {
		select {
		case err := <-done:
			return err
		case <-time.After(patience):
			t.Fatal("session did not end")
			return nil
		}
	}
}

func TestSessionPlaysItsPartOfTheWorkedSession(t *testing.T) {
	n := newNotes()
	h, ended := accepted(t, quick, n)
	h.hear("0000") // we want to know everything
	h.say("0000")  // so does HAProxy
	h.hear("0001") // we know nothing
	h.say("0003")
	h.say("0a820c01062f71756f746106090400" + "0a800b0000000205637573743101")
	h.hear("0a84050100000002")
	h.say("0a800b0000000405637573743102" + "0a800b0000000505637573743103")
	h.hear("0a84050100000005") // one acknowledgement for both
	h.say("0a850f000000060000000005637573743103" + "0a850f0000019600000000056375737432c8" + "0001")
	h.hear("0003") // and none for timed updates
	h.conn.Close()
	if err := ended(); err != nil {
		t.Errorf("end: got %v, want none", err)
	}
	want := []string{"resync request", "resync confirm", "update 2 cust1 [1]", "update 4 cust1 [2]", "update 5 cust1 [3]",
		"timed update 6 0s cust1 [3]", "timed update 406 0s cust2 [200]", "resync finished"}
	if got := n.all(); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}

func TestSessionAcknowledgesEachTableOnce(t *testing.T) {
	h, _ := accepted(t, quick, newNotes())
	h.hear("0000")
	one := "0a82080102" + "2f61" + "02040000"
	two := "0a82080202" + "2f62" + "02040000"
	h.say(one + "0a80080000000100000001" + two + "0a80080000000700000001" + one + "0a80080000000200000001")
	h.hear("0a84050200000007" + "0a84050100000002")
}

func TestSessionAsksAgainUntilTheResyncIsFinished(t *testing.T) {
	h, _ := accepted(t, quick, newNotes())
	for range 3 {
		h.hear("0000")
		h.say("0002")
		h.hear("0003")
	}
	h.hear("0000")
	h.say("0001")
	h.hear("0003")
}

func TestSessionAsksAgainPeriodically(t *testing.T) {
	cfg := quick
	cfg.ResyncEvery = 30 * time.Millisecond
	h, _ := accepted(t, cfg, newNotes())
	for range 3 {
		h.hear("0000")
		h.say("0001")
		h.hear("0003")
	}
}

// A commit may take longer than the pause between two resyncs. HAProxy takes a
// confirmation for the end of the lesson that it has begun last, so that the next one
// must not be asked for before it.
func TestSessionConfirmsALessonBeforeItAsksForTheNext(t *testing.T) {
	keeper := &slowKeeper{begun: make(chan struct{}), release: make(chan struct{}), t: t}
	h, _ := accepted(t, quick, keeper)
	h.hear("0000")
	h.say("0a820c01062f71756f746106090400" + "0a800b0000000205637573743101" + "0002")
	<-keeper.begun
	for range 3 {
		h.hearNext("0004") // each takes as long as the pause
	}
	close(keeper.release)
	h.hear("0003" + "0a84050100000002" + "0000")
}

func TestSessionAcknowledgesNothingThatWasNotCommitted(t *testing.T) {
	n := newNotes()
	n.refuse = errors.New("disk full")
	h, ended := accepted(t, quick, n)
	h.say("0a820c01062f71756f746106090400" + "0a800b0000000205637573743101")
	if err := ended(); !errors.Is(err, n.refuse) {
		t.Errorf("end: got %v, want %v", err, n.refuse)
	}
	rest, _ := io.ReadAll(h.conn)
	if bytes.Contains(rest, []byte{0x0a, 0x84}) {
		t.Errorf("got %x, want no acknowledgement in it", rest)
	}
}

// resetConn is a connection that the peer has reset: writes fail at once, while what
// it sent before is still to be read, piece by piece.
type resetConn struct {
	net.Conn
	pieces [][]byte
}

func (c *resetConn) Write([]byte) (int, error) { return 0, syscall.ECONNRESET }

func (c *resetConn) Read(b []byte) (int, error) {
	if len(c.pieces) == 0 {
		return 0, syscall.ECONNRESET
	}
	n := copy(b, c.pieces[0])
	c.pieces = c.pieces[1:]
	return n, nil
}

func TestSessionReadsWhatWasSentBeforeAReset(t *testing.T) {
	ours, _ := connect(t)
	conn := &resetConn{Conn: ours, pieces: [][]byte{
		unhex(t, "0a820c01062f71756f746106090400"+"0a80"), unhex(t, "0b0000000205637573743101"),
		unhex(t, "0a800b0000000305637573743102"), unhex(t, "0a800b0000000405637573743103")}}
	n := newNotes()
	if err := running(t, newSession(conn, quick), n)(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("end: got %v, want %v", err, syscall.ECONNRESET)
	}
	if want := []string{"update 2 cust1 [1]", "update 3 cust1 [2]", "update 4 cust1 [3]"}; !cmp.Equal(n.all(), want) {
		t.Error(cmp.Diff(want, n.all()))
	}
}

func TestSessionSaysWhyItLeaves(t *testing.T) {
	tests := []struct {
		hex, answer string
		want        error
	}{
		{"ff", "0100", ErrProtocol},
		{"0a80ffffffffff00", "0101", ErrSize},
	}
	for _, tt := range tests {
		h, ended := accepted(t, quick, newNotes())
		h.hear("0000")
		h.say(tt.hex)
		h.hear(tt.answer)
		if err := ended(); !errors.Is(err, tt.want) {
			t.Errorf("after %s: got %v, want %v", tt.hex, err, tt.want)
		}
	}
}

func TestSessionLeavesASilentPeer(t *testing.T) {
	cfg := quick
	cfg.Read = 50 * time.Millisecond
	_, ended := accepted(t, cfg, newNotes())
	if err := ended(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want %v", err, os.ErrDeadlineExceeded)
	}
}

// slowKeeper commits when it is told to, and notes the keys that it was handed.
type slowKeeper struct {
	notes
	keys, copies [][]byte
	begun        chan struct{} // something is to be committed
	release      chan struct{}
	t            *testing.T
}

func (k *slowKeeper) Update(u *Update) {
	k.keys, k.copies = append(k.keys, u.Key), append(k.copies, bytes.Clone(u.Key))
}

func (k *slowKeeper) Commit() error {
	for i, key := range k.keys {
		if !bytes.Equal(key, k.copies[i]) {
			k.t.Errorf("key %d became %q before the commit, was %q", i, key, k.copies[i])
		}
	}
	if len(k.keys) > 0 {
		k.begun <- struct{}{}
		<-k.release
	}
	k.keys, k.copies = k.keys[:0], k.copies[:0]
	return nil
}

func TestSessionBeatsWhileACommitTakesItsTime(t *testing.T) {
	keeper := &slowKeeper{begun: make(chan struct{}), release: make(chan struct{}), t: t}
	h, ended := accepted(t, quick, keeper)
	h.hear("0000")
	h.say("0a820c01062f71756f746106090400" + "0a800b0000000205637573743101")
	<-keeper.begun
	for range 3 {
		h.hearNext("0004") // and no acknowledgement before them
	}
	close(keeper.release)
	h.hear("0a84050100000002")
	h.conn.CloseWrite()
	if err := ended(); err != nil {
		t.Errorf("end: got %v, want none", err)
	}
}

// A read brings thousands of updates. Their keys must all be there at the commit.
func TestKeysOfABatchStayUntilTheCommit(t *testing.T) {
	keeper := &slowKeeper{begun: make(chan struct{}), release: make(chan struct{}), t: t}
	h, ended := accepted(t, quick, keeper)
	def := Definition{ID: 1, Name: "/quota", KeyType: KeyString, KeyLen: 65, Fields: []Field{{Type: GPC0, Elements: 1}}}
	stream := def.AppendTo(nil)
	const updates = 20_000
	for i := range updates {
		u := Update{Table: &def, ID: uint32(i + 1), Values: []uint64{uint64(i)}, Key: fmt.Appendf(nil, "customer%06d", i)}
		stream = u.AppendTo(stream)
	}
	wrote := make(chan error, 1)
	go func() {
		_, err := h.conn.Write(stream)
		wrote <- err
	}()
	go io.Copy(io.Discard, h.conn)
	commits, seen := 0, 0
	for seen < updates {
		<-keeper.begun // it waits: its keys can be looked at
		seen += len(keeper.keys)
		commits++
		keeper.release <- struct{}{}
	}
	if err := <-wrote; err != nil || seen != updates || commits < 2 {
		t.Errorf("got %d updates in %d commits, %v; want %d in several", seen, commits, err, updates)
	}
	h.conn.CloseWrite()
	if err := ended(); err != nil {
		t.Errorf("end: got %v, want none", err)
	}
}

// Version 2.0 cannot tell a lesson from live updates: what arrives between the request
// and the end of the answer counts as the lesson, and is not acknowledged.
func TestSessionMarksTheLessonOfAnOldPeer(t *testing.T) {
	ours, h := connect(t)
	h.conn.Write([]byte("HAProxyS 2.0\ntracker\nhap1 7 1\n"))
	s, err := Accept(t.Context(), ours, quick, admitAll)
	if err != nil {
		t.Fatal(err)
	}
	h.hear("3230300a")
	n := newNotes()
	ended := running(t, s, n)
	h.hear("0000")
	h.say("0a820c01062f71756f746106090400" + "0a800b0000000205637573743101" + "0001")
	h.hear("0003")
	h.say("0a800b0000000305637573743102")
	h.hear("0a84050100000003")
	h.conn.CloseWrite()
	if err := ended(); err != nil {
		t.Errorf("end: got %v, want none", err)
	}
	if want := []string{"timed update 2 0s cust1 [1]", "resync finished", "update 3 cust1 [2]"}; !cmp.Equal(n.all(), want) {
		t.Error(cmp.Diff(want, n.all()))
	}
}

func TestSessionAcknowledgesNothingIfTold(t *testing.T) {
	cfg := quick
	cfg.NoAcks = true
	h, _ := accepted(t, cfg, newNotes())
	h.hear("0000")
	h.say("0a820c01062f71756f746106090400" + "0a800b0000000205637573743101" + "0000")
	h.hear("0001") // the request, which came last, is answered
	h.hearNext("0004")
}

func TestSessionAnswersManyRequestsOnce(t *testing.T) {
	h, ended := accepted(t, quick, newNotes())
	h.hear("0000")
	h.say(strings.Repeat("0000", 10_000))
	h.hear("0001")
	h.conn.CloseWrite()
	rest, err := io.ReadAll(h.conn)
	if err != nil {
		t.Fatal(err)
	}
	if got := bytes.Count(rest, []byte{0, 1}); got > 100 {
		t.Errorf("got %d more answers to 10,000 requests in a few pieces", got)
	}
	if err := ended(); err != nil {
		t.Errorf("end: got %v, want none", err)
	}
}

func TestSessionReportsAMessageCutShort(t *testing.T) {
	h, ended := accepted(t, quick, newNotes())
	h.say("0a80")
	h.conn.CloseWrite()
	if err := ended(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want %v", err, io.ErrUnexpectedEOF)
	}
}

func TestSessionEndsWithItsContext(t *testing.T) {
	ours, h := connect(t)
	h.conn.Write([]byte("HAProxyS 2.1\ntracker\nhap1 1 1\n"))
	s, err := Accept(t.Context(), ours, quick, admitAll)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Run(ctx, newNotes()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestAcceptRefuses(t *testing.T) {
	tests := []struct {
		greeting string
		want     Status
	}{
		{"GET / HTTP/1.1\n", StatusProtocol},
		{"HAProxyS 2.1\ntracker\nhap1\n", StatusProtocol}, // no process
		{strings.Repeat("x", maxHello+1), StatusProtocol},
		{"HAProxyS 1.0\ntracker\nhap1 1 1\n", StatusVersion},
		{"HAProxyS 2.2\ntracker\nhap1 1 1\n", StatusVersion},
		{"HAProxyS 2\ntracker\nhap1 1 1\n", StatusVersion},
		{"HAProxyS 2.1\nother\nhap1 1 1\n", StatusWrongPeer},
		{"HAProxyS 2.1\ntracker\nstranger 1 1\n", StatusUnknownPeer},
	}
	admit := func(h Hello) Status {
		if h.From == "stranger" {
			return StatusUnknownPeer
		}
		return StatusOK
	}
	for _, answer := range []bool{true, false} {
		for _, tt := range tests {
			cfg := quick
			cfg.AnswerRefusals = answer
			ours, h := connect(t)
			h.conn.Write([]byte(tt.greeting))
			_, err := Accept(t.Context(), ours, cfg, admit)
			if status := Status(0); !errors.As(err, &status) || status != tt.want {
				t.Errorf("%.20q: got %v, want %v", tt.greeting, err, tt.want)
			}
			want := ""
			if answer {
				want = fmt.Sprintf("%d\n", int(tt.want))
			}
			got, _ := io.ReadAll(h.conn)
			if string(got) != want {
				t.Errorf("%.20q: answered %q, want %q", tt.greeting, got, want)
			}
		}
	}
}

func TestAcceptToleratesCarriageReturnsAndVersion20(t *testing.T) {
	ours, h := connect(t)
	h.conn.Write([]byte("HAProxyS 2.0\r\ntracker\r\nhap1 7 1\r\n"))
	s, err := Accept(t.Context(), ours, quick, admitAll)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Hello{2, 0, "tracker", "hap1", 7}); s.Peer() != want {
		t.Errorf("got %+v, want %+v", s.Peer(), want)
	}
}

func TestAcceptGivesUpOnASlowGreeting(t *testing.T) {
	ours, h := connect(t)
	h.conn.Write([]byte("HAProxyS 2.1\n"))
	cfg := quick
	cfg.Handshake = 50 * time.Millisecond
	if _, err := Accept(t.Context(), ours, cfg, admitAll); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want %v", err, os.ErrDeadlineExceeded)
	}
}

func TestCallGreetsAsHAProxyDoes(t *testing.T) {
	ours, h := connect(t)
	h.conn.Write([]byte("200\n" + "\x00\x00")) // the first message in the same segment
	cfg := quick
	cfg.PID = 12
	s, err := Call(t.Context(), ours, cfg, "hap1")
	if err != nil {
		t.Fatal(err)
	}
	n := newNotes()
	ended := running(t, s, n)
	greeting := "HAProxyS 2.1\nhap1\ntracker 12 1\n"
	got := make([]byte, len(greeting))
	if _, err := io.ReadFull(h.conn, got); err != nil || string(got) != greeting {
		t.Errorf("got %q, %v, want %q", got, err, greeting)
	}
	h.conn.Close()
	_ = ended() // a reset, as our greeting's successors were not read
	if got := n.all(); !cmp.Equal(got, []string{"resync request"}) {
		t.Errorf("got %v, want the message that followed the status", got)
	}
}

func TestCallReportsARefusal(t *testing.T) {
	for answer, want := range map[string]error{
		"300\n":                   StatusTryAgain,
		"503\r\n":                 StatusWrongPeer,
		"2000\n":                  ErrProtocol,
		strings.Repeat("2", 2000): ErrSize,
		"20":                      io.ErrUnexpectedEOF,
	} {
		ours, h := connect(t)
		h.conn.Write([]byte(answer))
		h.conn.CloseWrite()
		if _, err := Call(t.Context(), ours, quick, "hap1"); !errors.Is(err, want) {
			t.Errorf("%.10q: got %v, want %v", answer, err, want)
		}
	}
}

func TestSessionLeavesNoGoroutineBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 20 {
		h, ended := accepted(t, quick, newNotes())
		h.conn.Close()
		_ = ended() // a reset or the end, as the kernel likes
	}
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	deadline := time.After(patience)
	for runtime.NumGoroutine() > before {
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}
