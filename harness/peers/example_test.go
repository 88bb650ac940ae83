package peers_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"

	"github.com/haproof/haproof/harness/peers"
)

// A recorded stream begins with a greeting; messages follow. What was read last about
// a key is its state.
func ExampleDecoder() {
	stream, err := os.ReadFile("../../fixtures/peers/3.4.7/quota-1.bin")
	if err != nil {
		fmt.Println(err)
		return
	}
	hello, n, err := peers.ParseHello(stream)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s says version %d.%d to %s\n", hello.From, hello.Major, hello.Minor, hello.To)
	var decoder peers.Decoder
	counts := map[string]uint64{}
	for stream = stream[n:]; len(stream) > 0; stream = stream[n:] {
		var m peers.Message
		if m, n, err = decoder.Next(stream); err != nil || n == 0 {
			fmt.Println("stream ends early:", err)
			return
		}
		if m.Kind == peers.KindUpdate {
			count, _ := m.Update.Uint(peers.GPC0)
			counts[m.Update.Table.KeyText(m.Update.Key)] = count
		}
	}
	fmt.Println(len(counts), "keys, c0001 has", counts["c0001|1763683530123"])
	// Output:
	// hap1 says version 2.1 to tracker
	// 15 keys, c0001 has 261
}

// keeper is a Handler that keeps counts in memory until they are committed.
type keeper struct {
	mu      sync.Mutex
	pending map[string]uint64
	counts  map[string]uint64
	done    func() // called once something was committed
}

func (k *keeper) Update(u *peers.Update) {
	if count, ok := u.Uint(peers.GPC0); ok {
		k.pending[string(u.Key)] = count
	}
}

func (k *keeper) Control(peers.Control) {}

func (k *keeper) Commit() error {
	if len(k.pending) == 0 {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for key, count := range k.pending { // to disk, if it has to last
		k.counts[key] = count
	}
	clear(k.pending)
	k.done()
	return nil
}

// Being a peer that HAProxies call. Here the other side is a session of ours as well,
// which tells of one customer.
func ExampleServe() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	k := &keeper{pending: map[string]uint64{}, counts: map[string]uint64{}, done: cancel}
	go inPlaceOfHAProxy(ctx, ln.Addr().String())

	admit := func(h peers.Hello) peers.Status {
		if h.From != "hap1" {
			return peers.StatusUnknownPeer
		}
		return peers.StatusOK
	}
	err = peers.Serve(ctx, ln, 100, func(conn net.Conn) func(context.Context) {
		return func(ctx context.Context) {
			session, err := peers.Accept(ctx, conn, peers.Config{Name: "tracker"}, admit)
			if err != nil {
				return
			}
			_ = session.Run(ctx, k)
		}
	})
	fmt.Println(k.counts, err)
	// Output: map[cust1:42] <nil>
}

// silent is a Handler of those who only teach.
type silent struct{}

func (silent) Update(*peers.Update)  {}
func (silent) Control(peers.Control) {}
func (silent) Commit() error         { return nil }

func inPlaceOfHAProxy(ctx context.Context, tracker string) {
	conn, err := net.Dial("tcp", tracker)
	if err != nil {
		return
	}
	session, err := peers.Call(ctx, conn, peers.Config{Name: "hap1"}, "tracker")
	if err != nil {
		return
	}
	quota := peers.Definition{Name: "/quota", KeyType: peers.KeyString, KeyLen: 65, Fields: []peers.Field{{Type: peers.GPC0, Elements: 1}}}
	_ = session.Teach(&quota, peers.Entry{Key: []byte("cust1"), Values: []uint64{42}})
	_ = session.Run(ctx, silent{})
}

// Teaching an HAProxy that has `table plan type string len 64 size 10k expire 60s store
// gpt0` in its peers section and denies those whose gpt0 is not 0.
func ExampleSession_Teach() {
	plan := peers.Definition{Name: "/plan", KeyType: peers.KeyString, KeyLen: 65, Fields: []peers.Field{{Type: peers.GPT0, Elements: 1}}}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	session, err := sessionWith(ctx, peers.Config{Name: "tracker", NeverTeach: []string{"/quota"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ended := make(chan error, 1)
	go func() { ended <- session.Run(ctx, silent{}) }()

	err = session.Teach(&plan, peers.Entry{Key: []byte("cust1"), Values: []uint64{1}}, peers.Entry{Key: []byte("cust2"), Values: []uint64{0}})
	fmt.Println("taught:", err)
	fmt.Println("applied:", session.AwaitTaught(ctx, "/plan"))
	quota := plan
	quota.Name = "/quota"
	fmt.Println(session.Teach(&quota))
	cancel()
	<-ended
	// Output:
	// taught: <nil>
	// applied: <nil>
	// teach /quota: table must not be taught
}

// sessionWith opens a session with a peer that learns whatever it is taught.
func sessionWith(ctx context.Context, cfg peers.Config) (*peers.Session, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		defer ln.Close()
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		learner, err := peers.Accept(ctx, conn, peers.Config{Name: "hap1"}, func(peers.Hello) peers.Status { return peers.StatusOK })
		if err == nil {
			_ = learner.Run(ctx, silent{})
		}
	}()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		return nil, err
	}
	return peers.Call(ctx, conn, cfg, "hap1")
}
