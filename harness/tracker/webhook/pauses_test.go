package webhook

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// These run in time of their own, in which an hour takes no time.

// wire answers attempts without a network and notes when they were made.
type wire struct {
	answer func(id string) (status int, header http.Header)

	takes time.Duration // each attempt

	mu        sync.Mutex
	at        map[string][]time.Time
	all       []time.Time
	now, most int // attempts at a time
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	id := req.Header.Get("Idempotency-Key")
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.at == nil {
		w.at = map[string][]time.Time{}
	}
	w.at[id] = append(w.at[id], time.Now())
	w.all = append(w.all, time.Now())
	w.now++
	w.most = max(w.most, w.now)
	w.mu.Unlock()
	sleep(context.Background(), w.takes, nil)
	w.mu.Lock()
	w.now--
	status, header := w.answer(id)
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader("")), Request: req}, nil
}

func (w *wire) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.all)
}

// play runs a Sender with the documented pauses over the wire for so long.
func play(t *testing.T, b Outbox, w *wire, d time.Duration, during func(*Sender)) {
	s, err := New(Config{URL: "http://127.0.0.1/", Secret: secret, Outbox: b})
	if err != nil {
		t.Fatal(err)
	}
	s.client.Transport = w
	stop := start(s)
	if during != nil {
		during(s)
	}
	sleep(context.Background(), d, nil)
	stop()
}

func always(status int) func(string) (int, http.Header) {
	return func(string) (int, http.Header) { return status, nil }
}

func TestPausesGrowFromASecondToFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: always(500)}
		play(t, newBox(message("1", "c")), w, 24*time.Hour, nil)
		times := w.at["1"]
		if n := len(times); n < 24*12 || n > 24*24+20 {
			t.Errorf("%d attempts in a day, want one each 2.5 to 5 min", n)
		}
		for i := 1; i < len(times); i++ {
			pause := times[i].Sub(times[i-1])
			least, most := time.Second, 5*time.Minute
			if i < 9 {
				most = time.Second << i
			} else {
				least = most / 2
			}
			if pause < least || pause > most {
				t.Errorf("pause %d is %v, want %v to %v", i, pause, least, most)
			}
		}
		if times[1].Sub(times[0]) > 2*time.Second {
			t.Errorf("the second attempt came after %v", times[1].Sub(times[0]))
		}
	})
}

func TestRefusedMessageIsTriedAboutEveryFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: always(410)}
		play(t, newBox(message("1", "c")), w, 24*time.Hour, nil)
		times := w.at["1"]
		for i := 1; i < len(times); i++ {
			if pause := times[i].Sub(times[i-1]); pause < 150*time.Second || pause > 5*time.Minute {
				t.Errorf("pause %d is %v", i, pause)
			}
		}
		if n := len(times); n < 24*12 {
			t.Errorf("%d attempts in a day", n)
		}
	})
}

func TestReceiverThatIsDownIsNotFlooded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: always(500)}
		b := newBox(messages(5000, 5000)...)
		play(t, b, w, time.Hour, func(s *Sender) {
			for range 100 { // new messages do not change that
				s.Notify()
				sleep(context.Background(), time.Second, nil)
			}
		})
		if n := len(w.all); n < 60 || n > 130 {
			t.Errorf("%d attempts in an hour, want one each 30 to 60 s", n)
		}
	})
}

func TestReceiverThatIsDownIsTriedWithOneMessageAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: always(500), takes: 5 * time.Second}
		play(t, newBox(messages(500, 500)...), w, time.Hour, func(*Sender) {
			sleep(context.Background(), time.Minute, nil)
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.most < 2 {
				t.Errorf("at most %d attempts at a time before it is down", w.most)
			}
			w.most = 0
		})
		if w.most != 1 {
			t.Errorf("%d attempts at a time while it is down", w.most)
		}
	})
}

func TestLongOutboxIsEmptiedWithoutARest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox(messages(maxWalk+1500, 100)...)
		play(t, b, &wire{answer: always(200)}, poll/2, nil)
		if ids, _ := b.left(); len(ids) != 0 {
			t.Errorf("%d messages wait", len(ids))
		}
	})
}

func TestPausesAreSpread(t *testing.T) {
	p := pauses{time.Second, 5 * time.Minute}
	for failures := range 20 {
		seen := map[time.Duration]bool{}
		for range 100 {
			seen[p.after(failures+1)] = true
			seen[p.refusal()] = true
		}
		if len(seen) < 100 {
			t.Errorf("%d different pauses in 200 after %d failures", len(seen), failures+1)
		}
	}
}

func TestRecoveryIsNoticedSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := true
		w := &wire{answer: func(string) (int, http.Header) {
			if down {
				return 503, nil
			}
			return 200, nil
		}}
		b := newBox(messages(3000, 300)...)
		play(t, b, w, 6*time.Minute, func(s *Sender) {
			sleep(context.Background(), 10*time.Hour, nil)
			if stats := s.Stats(); stats.Delivered != 0 || time.Since(stats.Oldest) < 10*time.Hour || stats.Failing < 300 || stats.Failed < 600 {
				t.Errorf("while it is down: %+v", stats)
			}
			w.mu.Lock()
			down = false
			w.mu.Unlock()
		})
		// A minute until it is tried, and five for messages that have just failed.
		if ids, _ := b.left(); len(ids) != 0 {
			t.Errorf("%d messages wait six minutes after the receiver is back", len(ids))
		}
	})
}

func TestBadMessagesDoNotHoldUpGoodOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const bad = 60
		down := false
		w := &wire{answer: func(id string) (int, http.Header) {
			if id < "0060" || down {
				return 500, nil
			}
			return 200, nil
		}}
		b := newBox(messages(bad, bad)...)
		b.add(message("good", "good"))
		play(t, b, w, 0, func(s *Sender) {
			sleep(context.Background(), 2*time.Hour, nil) // to meet each of them a first time
			for i := range 100 {
				b.add(message(fmt.Sprintf("good%d", i), "good"))
				s.Notify()
				sleep(context.Background(), 10*time.Second, nil)
				if ids, _ := b.left(); len(ids) != bad {
					t.Fatalf("after 10 s %d messages wait, want the %d bad ones", len(ids), bad)
				}
			}
			if stats := s.Stats(); stats.Failing != bad || stats.Delivered != 101 {
				t.Errorf("%+v", stats)
			}
			w.mu.Lock()
			down = true
			w.mu.Unlock()
			before := w.count()
			b.add(messages(bad+100, bad+100)[bad:]...)
			s.Notify()
			sleep(context.Background(), time.Hour, nil)
			if n := w.count() - before; n > 130+bad {
				t.Errorf("%d attempts in an hour in which the receiver is down", n)
			}
		})
	})
}

func TestGateKeepsBadMessagesOutUntilTheReceiverIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(pauses{time.Second, time.Minute})
		bad := time.Now()
		sleep(t.Context(), time.Second, nil)
		g.leave(pass{}, outcome{})
		for range down {
			g.leave(pass{}, outcome{err: errBox})
		}
		sleep(t.Context(), 3*time.Second, nil) // longer than the pause
		if _, ok := g.enter(t.Context(), bad); ok {
			t.Error("a bad message is tried before another has shown that the receiver is back")
		}
		p, ok := g.enter(t.Context(), time.Time{})
		if !ok || !p.probing {
			t.Fatalf("%+v, %v for a message that is not bad", p, ok)
		}
		g.leave(p, outcome{})
		if _, ok := g.enter(t.Context(), bad); !ok {
			t.Error("a bad message is not tried after that")
		}
	})
}

func TestGateOpensWhenAnAttemptThatWasUnderWaySucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(pauses{time.Minute, time.Minute})
		for range down {
			g.leave(pass{}, outcome{err: errBox})
		}
		g.leave(pass{}, outcome{})
		from := time.Now()
		if p, ok := g.enter(t.Context(), time.Time{}); !ok || p.probing || time.Since(from) != 0 {
			t.Errorf("%+v, %v after %v", p, ok, time.Since(from))
		}
	})
}

func TestWalkThatCameToNothingIsNotRepeatedAtOnce(t *testing.T) {
	s, err := New(Config{URL: "http://127.0.0.1/", Secret: secret, Outbox: newBox()})
	if err != nil {
		t.Fatal(err)
	}
	w := s.newWalk(t.Context(), t.Context())
	w.next = time.Now().Add(-time.Hour)
	if wait := s.rest(w); wait != time.Second {
		t.Errorf("rest of %v, want the least pause", wait)
	}
}

func TestGateOpensIfNobodyTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(pauses{time.Second, time.Minute})
		p, ok := g.enter(t.Context(), time.Time{})
		if !ok {
			t.Fatal("it is closed at first")
		}
		g.leave(p, outcome{})
		bad := time.Now().Add(-time.Second)
		for range down + 10 {
			g.leave(pass{}, outcome{err: errBox})
		}
		if _, ok := g.enter(t.Context(), bad); ok {
			t.Error("a bad message is tried while the receiver is down")
		}
		sleep(t.Context(), 2*time.Minute+time.Second, nil)
		for range down + 10 {
			g.leave(pass{bad: true}, outcome{err: errBox})
		}
		if p, ok := g.enter(t.Context(), bad); !ok || p.probing || !p.bad {
			t.Errorf("%+v, %v after nobody tried for long", p, ok)
		}
	})
}

func TestRetryAfterIsHeeded(t *testing.T) {
	for name, c := range map[string]struct {
		header      string
		least, most time.Duration
	}{
		"seconds":   {"120", 2 * time.Minute, 2*time.Minute + time.Second},
		"date":      {"Sat, 01 Jan 2000 00:02:00 GMT", 2 * time.Minute, 2*time.Minute + time.Second}, // the bubble begins at 2000-01-01
		"too long":  {"86400", 5 * time.Minute, 5*time.Minute + time.Second},
		"past date": {"Fri, 01 Jan 1999 00:02:00 GMT", 0, 2*time.Second + 10*time.Millisecond}, // 20 attempts by four take 5 ms
		"nonsense":  {"soon", 0, 2*time.Second + 10*time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			const n = 20 // of different customers
			first := true
			w := &wire{takes: time.Millisecond, answer: func(string) (int, http.Header) {
				if first {
					first = false
					return 429, http.Header{"Retry-After": {c.header}}
				}
				return 200, nil
			}}
			play(t, newBox(messages(n, n)...), w, time.Hour, nil)
			if len(w.all) != n+1 {
				t.Fatalf("%s: %d attempts, want %d", name, len(w.all), n+1)
			}
			under, gap := 0, time.Duration(-1) // attempts before the longest gap
			for i := range n {
				if g := w.all[i+1].Sub(w.all[i]); g > gap {
					under, gap = i+1, g
				}
			}
			// Four are under way when the answer comes; the three others may be answered in the same instant but before it,
			// and be followed by one more each.
			pause := w.all[under].Sub(w.all[0])
			if c.least > 0 && under > 7 || pause < c.least || pause > c.most {
				t.Errorf("%s: %d attempts and then a pause of %v, want %v to %v", name, under, pause, c.least, c.most)
			}
		})
	}
}

func TestNotifyWakesAndPollingFindsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox()
		w := &wire{answer: always(200)}
		play(t, b, w, 2*time.Minute, func(s *Sender) {
			sleep(context.Background(), 10*time.Second, nil)
			b.add(message("1", "c"))
			told := time.Now()
			s.Notify()
			synctest.Wait()
			if at := w.at["1"]; len(at) != 1 || !at[0].Equal(told) {
				t.Errorf("told at %v, attempts at %v", told, at)
			}
			b.add(message("2", "c"))
		})
		if len(w.at["2"]) != 1 {
			t.Errorf("attempts without Notify: %v", w.at["2"])
		}
	})
}

func TestHeldMessageThatIsDueIsNotLookedForAllTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox(message("2", "c"))
		w := &wire{answer: always(400)}
		play(t, b, w, time.Hour, func(*Sender) {
			sleep(context.Background(), time.Second, nil)
			b.mu.Lock()
			b.waiting = append([]Message{message("1", "c")}, b.waiting...) // an older one comes late
			b.mu.Unlock()
		})
		if b.calls > 200 {
			t.Errorf("%d looks at the outbox in an hour", b.calls)
		}
	})
}

func TestHangingAttemptIsCutOffAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Config{URL: "http://127.0.0.1/", Secret: secret, Outbox: newBox(message("1", "c")), Timeout: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		s.client.Transport = hanging{}
		stop := start(s)
		sleep(context.Background(), time.Second, nil)
		from := time.Now()
		stop()
		if d := time.Since(from); d != grace {
			t.Errorf("Run took %v to end, want %v", d, grace)
		}
	})
}

type hanging struct{}

func (hanging) RoundTrip(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

func TestWhatIsKnownOfMessagesIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox(messages(100, 100)...)
		w := &wire{answer: always(500)}
		play(t, b, w, time.Hour, func(s *Sender) {
			sleep(context.Background(), 10*time.Hour, nil)
			if n := s.Stats().Failing; n != 100 {
				t.Errorf("%d failing messages are known, want 100", n)
			}
			b.mu.Lock()
			b.waiting = b.waiting[:1] // the others were taken out by someone else
			b.mu.Unlock()
			sleep(context.Background(), 10*time.Hour, nil)
			if n := s.Stats().Failing; n != 1 {
				t.Errorf("%d failing messages are known, want 1", n)
			}
		})
	})
}
