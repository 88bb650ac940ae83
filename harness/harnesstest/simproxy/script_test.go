package simproxy

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/peers"
)

// patience is how long a test waits for what must come.
const patience = 2 * time.Minute

// listening returns a loopback listener.
func listening(t testing.TB) *net.TCPListener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln.(*net.TCPListener)
}

// running runs the process until the test ends.
func running(t testing.TB, p *Proxy) *Proxy {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	go p.Run(ctx)
	t.Cleanup(func() {
		cancel()
		select {
		case <-p.done:
		case <-time.After(patience):
			t.Error("Run did not return")
		}
	})
	return p
}

func settings(ln net.Listener) Config {
	return Config{Name: "hap1", Addrs: []string{ln.Addr().String()}, Generation: "1", PID: 7, Redial: time.Millisecond}
}

// script is a tracker that says what the test tells it to, byte for byte.
type script struct {
	t      testing.TB
	conn   net.Conn
	in     *bufio.Reader
	dec    peers.Decoder
	unread []byte
	hello  string
	heard  []peers.Message
}

// accept answers the next process that calls.
func accept(t testing.TB, ln *net.TCPListener) *script {
	t.Helper()
	s := accepted(t, ln)
	s.send([]byte("200\n"))
	return s
}

func accepted(t testing.TB, ln *net.TCPListener) *script {
	t.Helper()
	s, err := called(t, ln)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// called takes the next call. It is an error if the process has hung up already.
func called(t testing.TB, ln *net.TCPListener) (*script, error) {
	t.Helper()
	if err := ln.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	s := newScript(t, conn)
	for range 3 {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		s.hello += line
	}
	return s, nil
}

func newScript(t testing.TB, conn net.Conn) *script {
	t.Helper()
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &script{t: t, conn: conn, in: bufio.NewReader(conn)}
}

func (s *script) send(b []byte) {
	s.t.Helper()
	if _, err := s.conn.Write(b); err != nil {
		s.t.Fatal(err)
	}
}

func (s *script) control(c ...byte) {
	s.t.Helper()
	for _, c := range c {
		s.send([]byte{classControl, c})
	}
}

func (s *script) ack(id uint32) {
	s.t.Helper()
	s.send(binary.BigEndian.AppendUint32([]byte{classTable, typeAck, 5, tableID}, id))
}

// next returns the next message, heartbeats left out, written as wants are.
func (s *script) next() string {
	s.t.Helper()
	text, err := s.hear()
	if err != nil {
		s.t.Fatalf("waiting for a message: %v", err)
	}
	return text
}

// hear is next for a process that may hang up, which is an error.
func (s *script) hear() (string, error) {
	s.t.Helper()
	for {
		m, n, err := s.dec.Next(s.unread)
		if err != nil {
			s.t.Fatal(err)
		}
		if n > 0 {
			text := describe(m)
			s.heard = append(s.heard, kept(m))
			s.unread = s.unread[n:]
			if text != "heartbeat" {
				return text, nil
			}
			continue
		}
		buf := make([]byte, 4096)
		n, err = s.in.Read(buf)
		if err != nil {
			return "", err
		}
		s.unread = append(s.unread, buf[:n]...)
	}
}

func (s *script) want(want ...string) {
	s.t.Helper()
	var got []string
	for range want {
		got = append(got, s.next())
	}
	if !cmp.Equal(got, want) {
		s.t.Fatalf("messages differ: %s", cmp.Diff(want, got))
	}
}

// describe writes an update as kind, number (with an exclamation mark if it was sent),
// key and value.
func describe(m peers.Message) string {
	switch m.Kind {
	case peers.KindControl:
		return m.Control.String()
	case peers.KindDefinition:
		return "definition of " + m.Definition.Name
	case peers.KindAck:
		return fmt.Sprintf("ack %d of table %d", m.Ack.ID, m.Ack.TableID)
	case peers.KindUpdate:
		kind, mark := "live", "!"
		if m.Update.Timed {
			kind = "timed"
		}
		if m.Update.Incremental {
			mark = ""
		}
		return fmt.Sprintf("%s %d%s %s=%d", kind, m.Update.ID, mark, m.Update.Key, m.Update.Values[0])
	default:
		return fmt.Sprintf("kind %d", m.Kind)
	}
}

// begin accepts the first session of a fresh process and knows nothing better.
func begin(t testing.TB, ln *net.TCPListener) *script {
	t.Helper()
	s := accept(t, ln)
	s.want("resync request")
	s.control(resyncFinished)
	s.want("resync confirm")
	return s
}

// beginImpatient accepts the first session of a fresh process that does not wait long
// for what it is told. One that this machine made wait too long calls again, as it
// should, until the answer to its request came in time.
func beginImpatient(t testing.TB, ln *net.TCPListener, answer byte) *script {
	t.Helper()
	for late := time.Now().Add(patience); time.Now().Before(late); {
		s, err := called(t, ln)
		if err == nil && s.talk([]byte("200\n"), "resync request") && s.talk([]byte{classControl, answer}, "resync confirm") {
			return s
		}
	}
	t.Fatalf("no answer came in time within %v", patience)
	return nil
}

// talk sends something and says whether the message came that is wanted then. None
// comes if the process has hung up.
func (s *script) talk(b []byte, want string) bool {
	s.t.Helper()
	if _, err := s.conn.Write(b); err != nil {
		return false
	}
	got, err := s.hear()
	if err == nil && got != want {
		s.t.Fatalf("got %q, want %q", got, want)
	}
	return err == nil
}

// awaitTrue polls, for what nothing announces.
func awaitTrue(t testing.TB, what string, ok func() bool) {
	t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	deadline := time.After(patience)
	for !ok() {
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

func patient(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func TestFreshProcessPushesNothingUntilItsRequestIsAnswered(t *testing.T) {
	ln := listening(t)
	p := New(settings(ln))
	p.Inc("a", 1)
	running(t, p)
	s := accept(t, ln)
	if want := "HAProxyS 2.1\ntracker\nhap1 7 1\n"; s.hello != want {
		t.Errorf("greeting: got %q, want %q", s.hello, want)
	}
	s.want("resync request")
	s.control(resyncRequest)
	s.want("definition of /quota", "timed 1! a|1=1", "resync partial")
	s.control(resyncConfirm, resyncRequest) // a push would come before the second lesson
	s.want("timed 1! a|1=1", "resync partial")
	s.control(resyncConfirm, resyncFinished)
	s.want("resync confirm", "live 1! a|1=1")
}

func TestProcessWhoseRequestIsNotAnsweredCallsAgain(t *testing.T) {
	ln := listening(t)
	cfg := settings(ln)
	cfg.ResyncTimeout = 20 * time.Millisecond
	running(t, New(cfg))
	for range 2 {
		accept(t, ln).want("resync request")
	}
}

func TestProcessPushesAfterAnAnswerThatIsNotComplete(t *testing.T) {
	ln := listening(t)
	cfg := settings(ln)
	cfg.ResyncTimeout = 50 * time.Millisecond
	p := running(t, New(cfg))
	s := beginImpatient(t, ln, resyncPartial)
	p.Inc("a", 1)
	s.want("definition of /quota", "live 1! a|1=1")
	s.control(resyncRequest)
	text := s.next() // the lesson
	for text != "resync finished" {
		if text == "resync partial" { // the timeout has not passed yet
			s.control(resyncConfirm, resyncRequest)
		}
		text = s.next()
	}
}

func TestChangesNotYetSentAreOneUpdate(t *testing.T) {
	ln := listening(t)
	p := New(settings(ln))
	for range 5 {
		p.Inc("a", 1)
		p.Inc("b", 2)
	}
	running(t, p)
	s := begin(t, ln)
	s.want("definition of /quota", "live 1! a|1=5", "live 2 b|1=10")
	p.Inc("b", 1)
	s.want("live 3! b|1=11") // the number is sent again after a pause
}

func TestOnlyWhatWasNotAcknowledgedIsSentAgain(t *testing.T) {
	ln := listening(t)
	p := New(settings(ln))
	p.Inc("a", 1)
	p.Inc("b", 1)
	p.Inc("c", 1)
	running(t, p)
	s := begin(t, ln)
	s.want("definition of /quota", "live 1! a|1=1", "live 2 b|1=1", "live 3 c|1=1")
	s.ack(2)
	awaitTrue(t, "acknowledgement of b", func() bool { return p.Acked(0)["b"] == 1 })
	if got := p.Acked(0); !cmp.Equal(got, map[string]uint64{"a": 1, "b": 1}) {
		t.Errorf("acknowledged: got %v, want a and b", got)
	}
	s.conn.Close()
	s = accept(t, ln)
	s.want("definition of /quota", "live 3! c|1=1")
	p.Cut()
	s = accept(t, ln)
	s.want("definition of /quota", "live 3! c|1=1")
	s.ack(3)
	if err := p.Idle(patient(t)); err != nil {
		t.Fatal(err)
	}
	s.conn.Close()
	s = accept(t, ln)
	p.Inc("a", 1)
	s.want("definition of /quota", "live 4! a|1=2")
}

func TestAcknowledgementOfTheFutureMakesEverythingBeSentAgain(t *testing.T) {
	ln := listening(t)
	p := New(settings(ln))
	p.Inc("a", 1)
	running(t, p)
	s := begin(t, ln)
	s.want("definition of /quota", "live 1! a|1=1")
	s.ack(100)
	s.control(resyncRequest) // answered after the acknowledgement was read
	s.want("timed 1! a|1=1", "resync finished")
	s.conn.Close()
	accept(t, ln).want("definition of /quota", "live 1! a|1=1")
}

// The lesson goes around from the acknowledged change; what is newer is pushed again
// after it, and nothing is pushed before it is confirmed.
func TestLessonHoldsLiveUpdatesBack(t *testing.T) {
	ln := listening(t)
	p := New(settings(ln))
	p.Inc("a", 1)
	p.Inc("b", 1)
	p.Inc("c", 1)
	running(t, p)
	s := begin(t, ln)
	s.want("definition of /quota", "live 1! a|1=1", "live 2 b|1=1", "live 3 c|1=1")
	s.ack(2)
	s.control(resyncRequest)
	s.want("timed 3! c|1=1", "timed 1! a|1=1", "timed 2 b|1=1", "resync finished")
	p.Inc("a", 1)
	s.control(resyncRequest) // a push would come before the answer
	s.want("timed 3! c|1=1", "timed 4 a|1=2", "timed 2! b|1=1", "resync finished")
	s.control(resyncConfirm)
	s.want("live 3! c|1=1", "live 4 a|1=2")
}

func TestReloadedProcessPushesItsOwnBeforeItHasLearned(t *testing.T) {
	ln := listening(t)
	cfg := settings(ln)
	cfg.LearnAfter = time.Hour
	p := New(cfg)
	p.Inc("a", 5)
	p.Inc("b", 6)
	running(t, p)
	s := begin(t, ln)
	s.want("definition of /quota", "live 1! a|1=5", "live 2 b|1=6")
	next := p.Reload("2")
	if _, err := s.in.ReadByte(); err == nil {
		t.Error("session of the old process is still open")
	}
	p.Inc("a", 1) // it still answers, and logs that
	next.Inc("a", 2)
	running(t, next)
	s = accept(t, ln)
	if want := "HAProxyS 2.1\ntracker\nhap1 8 1\n"; s.hello != want {
		t.Errorf("greeting: got %q, want %q", s.hello, want)
	}
	s.want("definition of /quota", "live 1! a|2=2") // and no resync request
	next.Learn()
	awaitTrue(t, "learning", next.hasLearned)
	next.Inc("c", 1)
	s.want("live 4! c|2=1")
	s.ack(4)
	s.control(resyncRequest)
	s.want("timed 2147483650! a|1=5", "timed 2147483651 b|1=6", "timed 1! a|2=2", "timed 4! c|2=1", "resync finished")
	if got, want := next.Truth(), map[string]uint64{"a": 7, "b": 6, "c": 1}; !cmp.Equal(got, want) {
		t.Errorf("truth: got %v, want %v", got, want)
	}
	if got, want := p.Drained(), map[string]uint64{"a": 1}; !cmp.Equal(got, want) {
		t.Errorf("drained: got %v, want %v", got, want)
	}
}

func TestReloadWithPlainKeysOverwritesWhatTheNewProcessCounted(t *testing.T) {
	ln := listening(t)
	cfg := settings(ln)
	cfg.Generation, cfg.LearnAfter = "", time.Hour
	p := New(cfg)
	p.Inc("a", 36)
	running(t, p)
	s := begin(t, ln)
	s.want("definition of /quota", "live 1! a=36")
	next := p.Reload("")
	next.Inc("a", 1)
	running(t, next)
	s = accept(t, ln)
	s.want("definition of /quota", "live 1! a=1")
	next.Learn()
	awaitTrue(t, "learning", next.hasLearned)
	next.Inc("a", 1)
	s.want("live 2! a=37")
}

func TestProcessWhosePredecessorKnewNothingAsksTheTracker(t *testing.T) {
	ln := listening(t)
	p := running(t, New(settings(ln)))
	accept(t, ln).want("resync request")
	next := p.Reload("2")
	running(t, next)
	accept(t, ln).want("resync request")
}

func TestCrashedProcessLosesTheTableAndNotTheTruth(t *testing.T) {
	ln := listening(t)
	p := New(settings(ln))
	p.Inc("a", 5)
	running(t, p)
	s := begin(t, ln)
	s.want("definition of /quota", "live 1! a|1=5")
	s.ack(1)
	if err := p.Idle(patient(t)); err != nil {
		t.Fatal(err)
	}
	p.Inc("a", 3)
	next := p.Crash("2")
	p.Inc("a", 100) // nobody is there to answer
	next.Inc("a", 1)
	running(t, next)
	s = begin(t, ln)
	s.want("definition of /quota", "live 1! a|2=1")
	if got := next.Truth()["a"]; got != 9 {
		t.Errorf("truth: got %d, want 9", got)
	}
	if got := next.Acked(0)["a"]; got != 5 {
		t.Errorf("acknowledged: got %d, want 5", got)
	}
}

func TestPurgedAndClearedEntriesBeginAgain(t *testing.T) {
	ln := listening(t)
	p := New(settings(ln))
	p.Inc("a", 5)
	p.Inc("b", 6)
	running(t, p)
	s := begin(t, ln)
	s.want("definition of /quota", "live 1! a|1=5", "live 2 b|1=6")
	p.Purge("a")
	p.Inc("a", 1)
	s.want("live 3! a|1=1")
	p.Clear()
	p.Inc("b", 1)
	s.want("live 4! b|1=1")
	s.ack(4)
	s.control(resyncRequest)
	s.want("timed 4! b|1=1", "resync finished")
	if got, want := p.Truth(), map[string]uint64{"a": 6, "b": 7}; !cmp.Equal(got, want) {
		t.Errorf("truth: got %v, want %v", got, want)
	}
	if diff := cmp.Diff(p.Truth(), p.Acked(0)); diff != "" {
		t.Errorf("acknowledged: %s", diff)
	}
}

func TestCountersAndNumbersWrapAt32Bits(t *testing.T) {
	ln := listening(t)
	cfg := settings(ln)
	cfg.FirstID = 1<<32 - 2
	p := New(cfg)
	p.Inc("a", 1<<32-1)
	p.Inc("b", 1)
	running(t, p)
	s := begin(t, ln)
	s.want("definition of /quota", "live 4294967295! a|1=4294967295", "live 0 b|1=1")
	p.Inc("a", 3)
	s.want("live 1! a|1=2")
	s.ack(0)
	s.conn.Close()
	s = accept(t, ln)
	s.want("definition of /quota", "live 1! a|1=2")
	if got := p.Truth()["a"]; got != 1<<32+2 {
		t.Errorf("truth: got %d, want 2^32+2", got)
	}
}

func TestSilentTrackerIsDroppedAndCalledAgain(t *testing.T) {
	ln := listening(t)
	cfg := settings(ln)
	cfg.Silence = 100 * time.Millisecond
	running(t, New(cfg))
	s := beginImpatient(t, ln, resyncFinished)
	if text, err := s.hear(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %q, %v, want the session to end", text, err)
	}
	if _, err := ln.Accept(); err != nil {
		t.Error(err)
	}
}

func TestProcessBeatsWhileThereIsNothingToSay(t *testing.T) {
	ln := listening(t)
	cfg := settings(ln)
	cfg.Heartbeat = time.Millisecond
	running(t, New(cfg))
	s := begin(t, ln)
	for range 3 {
		b := make([]byte, 2)
		if _, err := io.ReadFull(s.in, b); err != nil || b[0] != classControl || b[1] != heartbeat {
			t.Fatalf("got %x, %v, want a heartbeat", b, err)
		}
	}
}

func TestTrackerThatRefusesIsNotCalledAgain(t *testing.T) {
	ln := listening(t)
	p := running(t, New(settings(ln)))
	accepted(t, ln).send([]byte("300\n"))
	err := p.Idle(patient(t))
	if err == nil || !cmp.Equal(err.Error(), "hap1: tracker "+ln.Addr().String()+" answered 300: it is not called again") {
		t.Errorf("got %v, want the status", err)
	}
	if p.links[0].refusal != 300 {
		t.Errorf("got %d, want 300", p.links[0].refusal)
	}
}

func TestLessonsOfVersion20LookLive(t *testing.T) {
	ln := listening(t)
	cfg := settings(ln)
	cfg.Untimed = true
	p := New(cfg)
	p.Inc("a", 1)
	running(t, p)
	s := begin(t, ln)
	if want := "HAProxyS 2.0\ntracker\nhap1 7 1\n"; s.hello != want {
		t.Errorf("greeting: got %q, want %q", s.hello, want)
	}
	s.want("definition of /quota", "live 1! a|1=1")
	s.control(resyncRequest)
	s.want("live 1! a|1=1", "resync finished")
}

func TestTrackerThatCallsTakesOverFromItsOlderSession(t *testing.T) {
	ln := listening(t)
	p := running(t, New(Config{Name: "hap1", Listener: ln, Generation: "1"}))
	dial := func() *script {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		s := newScript(t, conn)
		s.send([]byte("HAProxyS 2.1\r\nhap1\r\ntracker 1 1\r\n"))
		if line, err := s.in.ReadString('\n'); err != nil || line != "200\n" {
			t.Fatalf("status: got %q, %v", line, err)
		}
		return s
	}
	old := dial()
	old.want("resync request")
	s := dial()
	s.want("resync request")
	if _, err := old.in.ReadByte(); err == nil {
		t.Error("older session is still open")
	}
	s.control(resyncFinished)
	s.want("resync confirm")
	p.Inc("a", 1)
	s.want("definition of /quota", "live 1! a|1=1")
}

func TestProcessAnswersAWrongGreetingWithItsStatus(t *testing.T) {
	ln := listening(t)
	running(t, New(Config{Name: "hap1", Listener: ln}))
	for hello, want := range map[string]string{
		"GET / HTTP/1.1\nhap1\ntracker 1 1\n": "501\n",
		"HAProxyS 2.1\nhap1\ntracker\n":       "501\n", // no process
		"HAProxyS 2.2\nhap1\ntracker 1 1\n":   "502\n",
		"HAProxyS 2.1\nhap2\ntracker 1 1\n":   "503\n",
		"HAProxyS 2.1\nhap1\nhap2 1 1\n":      "504\n",
	} {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		s := newScript(t, conn)
		s.send([]byte(hello))
		if got, err := s.in.ReadString('\n'); got != want {
			t.Errorf("%q: got %q, %v, want %q", hello, got, err, want)
		}
	}
}

func TestTrackersHaveCursorsOfTheirOwn(t *testing.T) {
	one, two := listening(t), listening(t)
	cfg := settings(one)
	cfg.Addrs = append(cfg.Addrs, two.Addr().String())
	p := New(cfg)
	p.Inc("a", 1)
	running(t, p)
	s := accept(t, one)
	s.want("resync request") // the first who answers is asked, and nobody else
	other := accept(t, two)
	awaitTrue(t, "second session", func() bool { return p.connected(1) })
	s.control(resyncFinished)
	s.want("resync confirm", "definition of /quota", "live 1! a|1=1")
	other.want("definition of /quota", "live 1! a|1=1")
	s.ack(1)
	awaitTrue(t, "acknowledgement of the first", func() bool { return p.Acked(0)["a"] == 1 })
	if got := p.Acked(1)["a"]; got != 0 {
		t.Errorf("the second has acknowledged %d, want 0", got)
	}
	p.Inc("a", 1)
	s.want("live 2! a|1=2")
	other.want("live 2! a|1=2")
}

func TestProcessLearnsWhatItIsTaughtAndAcknowledgesIt(t *testing.T) {
	ln := listening(t)
	p := running(t, New(settings(ln)))
	s := begin(t, ln)
	plan := peers.Definition{ID: 9, Name: "/plan", KeyType: peers.KeyString, KeyLen: 65, Fields: []peers.Field{{Type: peers.GPT0, Elements: 1}}}
	u := peers.Update{Table: &plan, ID: 4, Key: []byte("a"), Values: []uint64{1}}
	s.send(u.AppendTo(plan.AppendTo(nil)))
	s.want("ack 4 of table 9")
	want := map[string]map[string][]uint64{"/plan": {"a": {1}}}
	if diff := cmp.Diff(want, p.Taught()); diff != "" {
		t.Error(diff)
	}
}
