package peers_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/peers"
)

// plan is the table of proxyConfig that HAProxy looks up before it serves anyone.
var plan = peers.Definition{Name: "/plan", KeyType: peers.KeyString, KeyLen: 65, Fields: []peers.Field{{Type: peers.GPT0, Elements: 1}}}

func tagged(customer string, tag uint64) peers.Entry {
	return peers.Entry{Key: []byte(customer), Values: []uint64{tag}}
}

// teach returns when HAProxy has acknowledged it.
func teach(t *testing.T, s *peers.Session, entries ...peers.Entry) {
	t.Helper()
	if err := s.Teach(&plan, entries...); err != nil {
		t.Fatal(err)
	}
	awaitApplied(t, s)
}

func awaitApplied(t *testing.T, s *peers.Session) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.AwaitTaught(ctx, "/plan"); err != nil {
		t.Fatal(err)
	}
}

func TestHAProxyDeniesWhomItIsTaughtToDeny(t *testing.T) {
	for _, program := range programs(t) {
		t.Run(program.name, func(t *testing.T) {
			p := program.start(t, "10m")
			k := &tracker{lesson: func(s *peers.Session) error { return s.Teach(&plan, tagged("early", 1), tagged("later", 0)) }}
			s := p.accept(k)
			p.await("the lesson of a fresh start", func() error {
				if got := s.Taught("/plan"); got.Sent < 2 || got.Applied != got.Sent {
					return fmt.Errorf("%+v", got)
				}
				return nil
			})
			p.demand("early", 429)
			p.demand("cust1", 200)

			teach(t, s, tagged("cust1", 1))
			p.demand("cust1", 429)
			p.demand("cust2", 200)
			if got, ok := p.value("tracker/plan", "cust1", "gpt0"); got != 1 || !ok {
				t.Errorf("plan of cust1: got %d %v, want 1", got, ok)
			}
			teach(t, s, tagged("cust1", 0))
			p.demand("cust1", 200)

			many := make([]peers.Entry, 500)
			for i := range many {
				many[i] = tagged(fmt.Sprintf("many%03d", i), uint64(i%2))
				many[i].Remaining = time.Duration(i%3) * time.Minute // timed and not
			}
			teach(t, s, many...)
			p.demand("many499", 429)
			p.demand("many498", 200)
			if got := len(p.entries("tracker/plan")); got != 503 {
				t.Errorf("plan has %d entries, want 503", got)
			}
			if got := s.Taught("/plan"); got.Applied != got.Sent || got.Sent < 504 {
				t.Errorf("got %+v, want all of at least 504 applied", got)
			}

			if err := s.Teach(&peers.Definition{Name: "/quota", KeyType: peers.KeyString, KeyLen: 65,
				Fields: []peers.Field{{Type: peers.GPC0, Elements: 1}}}, tagged("cust1", 0)); !isForbidden(err) {
				t.Errorf("taught the quota table: %v", err)
			}
			p.demandQuota(map[string]int{"cust1": 2, "cust2": 1, "many498": 1})
			p.await("everything counted", k.has("cust1", 2))
		})
	}
}

// demandQuota compares HAProxy's quota table with what was served.
func (p *proxy) demandQuota(want map[string]int) {
	p.t.Helper()
	got := map[string]int{}
	for customer := range p.entries("tracker/quota") {
		got[customer], _ = p.value("tracker/quota", customer, "gpc0")
	}
	if !cmp.Equal(got, want) {
		p.t.Errorf("quota table: %s", cmp.Diff(want, got))
	}
}

// HAProxy must deny nobody for ever when nobody teaches it any more. So looking an
// entry up must not keep it, and being taught it again must.
func TestDenialExpiresUnlessItIsTaughtAgain(t *testing.T) {
	for _, program := range programs(t) {
		t.Run(program.name, func(t *testing.T) {
			p := program.start(t, "5s")
			s := p.accept(&tracker{})
			remaining := func() int {
				n, _ := p.value("tracker/plan", "cust1", "exp")
				return n
			}
			teach(t, s, tagged("cust1", 1))
			before := remaining()
			p.await("the entry gets older", func() error {
				p.demand("cust1", 429)
				if now := remaining(); now > before-200 { // as for ever, if looking it up kept it
					return fmt.Errorf("it remains for %d ms", now)
				}
				return nil
			})
			older := remaining()
			p.await("taught again, it gets younger", func() error {
				teach(t, s, tagged("cust1", 1))
				if now := remaining(); now <= older {
					return fmt.Errorf("it remains for %d ms, as before", now)
				}
				return nil
			})
			p.await("looked up all the time, it expires", func() error {
				if got := p.get("cust1"); got != 200 {
					return fmt.Errorf("answered %d", got)
				}
				return nil
			})
			timed := tagged("cust2", 1)
			timed.Remaining = 300 * time.Millisecond
			teach(t, s, timed)
			p.await("taught with a time of its own, it expires", func() error {
				if got := p.get("cust2"); got != 200 {
					return fmt.Errorf("answered %d", got)
				}
				return nil
			})
		})
	}
}

// HAProxy says nothing about a table that it does not have. It is noticed.
func TestTeachingATableThatHAProxyDoesNotHaveIsNeverApplied(t *testing.T) {
	for _, program := range programs(t) {
		t.Run(program.name, func(t *testing.T) {
			p := program.start(t, "10m")
			missing, shorter := plan, plan
			missing.Name, shorter.KeyLen = "/plans", 33
			s := p.accept(&tracker{lesson: func(s *peers.Session) error { return s.Teach(&missing, tagged("cust1", 1)) }})
			if err := s.Teach(&shorter, tagged("cust1", 1)); err != nil {
				t.Fatal(err)
			}
			if _, err := p.ask("set table tracker/plan key other data.gpt0 0"); err != nil { // makes HAProxy define its table
				t.Fatal(err)
			}
			p.await("the key length of HAProxy's table is known", func() error {
				if err := s.Teach(&shorter, tagged("cust1", 1)); err != nil {
					return err
				}
				if got, _ := p.value("tracker/plan", "cust1", "gpt0"); got != 1 {
					return fmt.Errorf("not taught yet")
				}
				return nil
			})
			awaitApplied(t, s)
			if got := s.Taught("/plans"); got.Applied != 0 || got.Sent == 0 {
				t.Errorf("missing table: got %+v, want nothing applied", got)
			}
		})
	}
}

// Both sides call: sessions collide, one remains, and nothing is lost.
func TestBothSidesMayCall(t *testing.T) {
	for name, occupied := range map[string]bool{"always": false, "only a peer that has not called": true} {
		t.Run(name, func(t *testing.T) {
			p := programs(t)[0].start(t, "10m")
			k := &tracker{}
			sessions := make(chan *peers.Session, 16)
			ctx, cancel := context.WithCancel(t.Context())
			caller := peers.Caller{Peer: "hap1", Config: trackerConfig, Dialer: peers.Dialer{Dial: func(ctx context.Context) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "tcp", p.local)
			}}}
			if occupied {
				caller.Occupied = func() bool { return len(sessions) > 0 }
			}
			called := make(chan struct{})
			go func() {
				defer close(called)
				caller.Run(ctx, func(ctx context.Context, s *peers.Session) error { return s.Run(ctx, k) },
					func(err error) { t.Logf("caller: %v", err) })
			}()
			p.serve(k, sessions)
			for i := range 40 {
				p.demand("cust1", 200)
				if i%10 == 0 { // some before the session, some after
					p.await("something counted", func() error {
						k.mu.Lock()
						defer k.mu.Unlock()
						if k.counts["cust1"] == 0 {
							return fmt.Errorf("nothing")
						}
						return nil
					})
				}
			}
			p.await("everything counted", k.has("cust1", 40))
			cancel()
			<-called
		})
	}
}

func TestHAProxyIsUnderstoodInVersion20(t *testing.T) {
	for _, program := range programs(t) {
		t.Run(program.name, func(t *testing.T) {
			p := program.start(t, "10m")
			p.demand("cust1", 200)
			cfg := trackerConfig
			cfg.Version20, cfg.ResyncEvery = true, 50*time.Millisecond
			conn, err := net.Dial("tcp", p.local)
			if err != nil {
				t.Fatal(err)
			}
			s, err := peers.Call(t.Context(), conn, cfg, "hap1")
			if err != nil {
				t.Fatal(err)
			}
			k := &tracker{}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- s.Run(ctx, k) }()
			p.await("two lessons", func() error {
				k.mu.Lock()
				defer k.mu.Unlock()
				if k.finished < 2 || k.timed < 2 {
					return fmt.Errorf("%d lessons, %d updates of them", k.finished, k.timed)
				}
				return nil
			})
			timed := tagged("cust1", 1)
			timed.Remaining = time.Minute // not to be had in 2.0, so it stays as long as the table says
			teach(t, s, timed)
			p.demand("cust1", 429)
			p.demandQuota(map[string]int{"cust1": 1})
			cancel()
			<-ended
		})
	}
}
