package simproxy

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/peers"
)

const fixtures = "../../../fixtures/peers"

// golden is a stream captured from a real HAProxy, greeting left out.
type golden struct {
	name     string
	messages []peers.Message
	raw      [][]byte
}

func goldens(t *testing.T, pattern string) []golden {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(fixtures, "*", pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no streams %s in %s: %v", pattern, fixtures, err)
	}
	var all []golden
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			b = b[bytes.IndexByte(b, '\n')+1:]
		}
		g := golden{name: path[len(fixtures)+1:]}
		var d peers.Decoder
		for len(b) > 0 {
			m, n, err := d.Next(b)
			if err != nil || n == 0 {
				t.Fatalf("%s: %d bytes before the end: %v", g.name, len(b), err)
			}
			g.messages = append(g.messages, kept(m))
			g.raw = append(g.raw, b[:n])
			b = b[n:]
		}
		all = append(all, g)
	}
	return all
}

// kept returns the message with an update of its own.
func kept(m peers.Message) peers.Message {
	if m.Kind == peers.KindUpdate {
		u := *m.Update
		u.Values = slices.Clone(u.Values)
		m.Update = &u
	}
	return m
}

// shape is the stream without heartbeats, updates of one kind in a row being one
// word: how many there are is a matter of time.
func shape(messages []peers.Message) string {
	var words []string
	for _, m := range messages {
		word := strings.TrimPrefix(m.Control.String(), "resync ")
		switch {
		case m.Kind == peers.KindDefinition:
			word = "definition"
		case m.Kind == peers.KindUpdate && m.Update.Timed:
			word = "timed"
		case m.Kind == peers.KindUpdate:
			word = "live"
		}
		again := len(words) > 0 && words[len(words)-1] == word && m.Kind == peers.KindUpdate
		if word != "heartbeat" && !again {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

func TestUpdatesAndDefinitionsAreTheBytesOfHAProxy(t *testing.T) {
	for _, g := range append(goldens(t, "quota-*.bin"), goldens(t, "reload-*.bin")...) {
		for i, m := range g.messages {
			var got []byte
			switch m.Kind {
			case peers.KindDefinition:
				got = appendDefinition(nil, m.Definition.Name, m.Definition.KeyLen)
			case peers.KindUpdate:
				u := m.Update
				customer, generation, _ := bytes.Cut(u.Key, []byte{'|'})
				got = appendUpdate(nil, form{explicit: !u.Incremental, timed: u.Timed}, u.ID, string(customer), string(generation), uint32(u.Values[0]))
			default:
				continue
			}
			if !bytes.Equal(got, g.raw[i]) {
				t.Errorf("%s: %s: got %x, want %x", g.name, describe(m), got, g.raw[i])
			}
		}
	}
}

func TestPlainKeysAndLongNumbersAreWhatTheCodecReads(t *testing.T) {
	def := peers.Definition{ID: tableID, Name: "/quota", KeyType: peers.KeyString, KeyLen: 1000, Fields: []peers.Field{{Type: peers.GPC0, Elements: 1}}}
	if got, want := appendDefinition(nil, "/quota", 1000), def.AppendTo(nil); !bytes.Equal(got, want) {
		t.Errorf("definition: got %x, want %x", got, want)
	}
	long := string(bytes.Repeat([]byte{'k'}, 300))
	for _, value := range []uint32{0, 239, 240, 2287, 2288, 264431, 264432, 33818863, 33818864, 1<<32 - 1} {
		for _, f := range []form{{}, {explicit: true}, {timed: true}, {explicit: true, timed: true}} {
			u := peers.Update{Table: &def, ID: 0x01020304, Incremental: !f.explicit, Timed: f.timed, Key: []byte(long), Values: []uint64{uint64(value)}}
			if got, want := appendUpdate(nil, f, 0x01020304, long, "", value), u.AppendTo(nil); !bytes.Equal(got, want) {
				t.Errorf("%+v of %d: got %x, want %x", f, value, got, want)
			}
		}
	}
}

// plays are ways to make a process say what HAProxies have said, by the shape of that.
// In each, the tracker asks and answers in the order that the recorder happened to.
var plays = map[string]func(t *testing.T, ln *net.TCPListener) *script{
	"request confirm definition finished live timed finished": func(t *testing.T, ln *net.TCPListener) *script {
		p := running(t, New(settings(ln)))
		s := begin(t, ln)
		s.control(resyncRequest)
		return s.liveAndTaught(p, 2)
	},
	"request definition partial confirm finished live timed finished": func(t *testing.T, ln *net.TCPListener) *script {
		p := running(t, New(settings(ln)))
		s := accept(t, ln)
		s.want("resync request")
		s.control(resyncRequest)
		s.want("definition of /quota", "resync partial")
		s.control(resyncConfirm, resyncFinished)
		s.want("resync confirm")
		s.control(resyncRequest)
		return s.liveAndTaught(p, 1)
	},
	"request definition finished confirm live timed finished": func(t *testing.T, ln *net.TCPListener) *script {
		p := running(t, New(settings(ln)))
		s := accept(t, ln)
		s.want("resync request")
		s.send([]byte{classControl, resyncRequest, classControl, resyncFinished}) // read at once
		return s.liveAndTaught(p, 3)
	},
	"definition timed finished live timed finished": func(t *testing.T, ln *net.TCPListener) *script {
		p := reloaded(t, ln, 0)
		awaitTrue(t, "learning", p.hasLearned)
		s := accept(t, ln)
		s.control(resyncRequest)
		return s.liveAndTaught(p, 3)
	},
	"definition partial timed finished live timed finished": func(t *testing.T, ln *net.TCPListener) *script {
		p := reloaded(t, ln, time.Hour)
		s := accept(t, ln)
		s.control(resyncRequest)
		s.want("definition of /quota", "resync partial")
		p.Learn()
		awaitTrue(t, "learning", p.hasLearned)
		s.control(resyncConfirm, resyncRequest)
		return s.liveAndTaught(p, 2)
	},
}

// liveAndTaught reads so many messages, at the end of which a lesson is over, then a
// live update, and then another lesson.
func (s *script) liveAndTaught(p *Proxy, messages int) *script {
	s.t.Helper()
	for range messages {
		s.next()
	}
	s.control(resyncConfirm)
	p.Inc("new", 1)
	s.next()
	s.control(resyncRequest)
	for s.next() != "resync finished" {
	}
	return s
}

func (p *Proxy) hasLearned() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.section == finished
}

// connected says whether there is a session with the i-th tracker.
func (p *Proxy) connected(i int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.links[i].conn != nil
}

// reloaded returns a process that learns one entry from the one before it.
func reloaded(t *testing.T, ln *net.TCPListener, after time.Duration) *Proxy {
	p := New(settings(ln))
	p.section = finished
	p.cfg.LearnAfter = after
	p.Inc("old", 1)
	return running(t, p.Reload("2"))
}

func TestStreamsHaveTheShapeOfHAProxys(t *testing.T) {
	for _, pattern := range []string{"quota-1.bin", "reload-1.bin", "reload-2.bin"} {
		for _, g := range goldens(t, pattern) {
			want := shape(g.messages)
			play, ok := plays[want]
			if !ok {
				t.Errorf("%s: HAProxy says %q, which is never said here", g.name, want)
				continue
			}
			s := play(t, listening(t))
			if got := shape(s.heard); got != want {
				t.Errorf("%s: got %q, want %q", g.name, got, want)
			}
		}
	}
}
