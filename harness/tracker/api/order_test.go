package api

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/plan"
)

func TestBestAreTheFirstOfAll(t *testing.T) {
	const seed = 1
	random := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		var all []ranked
		b := newBest(random.IntN(20))
		for i := range random.IntN(200) {
			all = append(all, ranked{uint64(random.IntN(30)), uint32(i)})
		}
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, r := range all {
			b.offer(r)
		}
		slices.SortFunc(all, func(a, b ranked) int { return cmp.Or(cmp.Compare(b.key, a.key), cmp.Compare(a.number, b.number)) })
		want := all[:min(len(all), b.limit)]
		if got := b.sorted(); !slices.Equal(got, want) {
			t.Fatalf("seed %d: got %v, want %v", seed, got, want)
		}
	}
}

func TestNameIndexIsInOrderHoweverNamesCome(t *testing.T) {
	const seed = 1
	random := rand.New(rand.NewPCG(seed, 0))
	for _, common := range []string{"", "customer-"} {
		var x nameIndex
		var names []string
		now := time.Now()
		for range 30 {
			for range random.IntN(20) {
				name := common + strings.Repeat("ab\x00\xff"[random.IntN(4):][:1], random.IntN(12)) + fmt.Sprint(random.IntN(99), len(names))
				names = append(names, name)
			}
			now = now.Add(indexAge)
			got := x.of(names, now)
			want := slices.Collect(func(yield func(uint32) bool) {
				for i := range names {
					if !yield(uint32(i)) {
						return
					}
				}
			})
			slices.SortFunc(want, func(a, b uint32) int { return strings.Compare(names[a], names[b]) })
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: got %v, want %v", seed, got, want)
			}
			prefix := common + "a"
			var begin []uint32
			for _, n := range want {
				if strings.HasPrefix(names[n], prefix) {
					begin = append(begin, n)
				}
			}
			if got := beginning(got, names, prefix); !slices.Equal(got, begin) {
				t.Fatalf("seed %d: beginning with %q: got %v, want %v", seed, prefix, got, begin)
			}
		}
		names = append(names, "new")
		if got := x.of(names, now); len(got) != len(names)-1 {
			t.Errorf("within %v: got %d names, want the old %d", indexAge, len(got), len(names)-1)
		}
	}
}

func TestLiveKnowsRatesAndCourses(t *testing.T) {
	l := newLive(time.Second)
	start := time.Unix(1000, 0)
	names := []string{"steady", "new", "still"}
	look := func(second int) changes {
		each := []uint64{100 + 10*uint64(second), 0, 7}
		if second < 8 {
			each = []uint64{each[0]} // the others come later
		} else {
			each[1] = 50
		}
		return l.see(tracker.Totals{Total: 1, Names: names[:len(each)], Each: each}, true, start.Add(time.Duration(second)*time.Second))
	}
	for second := range 13 {
		got := look(second)
		want := changes{}
		switch second {
		case 0:
		case 8: // who is new has grown
			want = changes{customers: 3, growth: 67, most: []change{{1, 50}, {0, 10}, {2, 7}}}
		default:
			want = changes{customers: 1, growth: 10, most: []change{{0, 10}}}
		}
		if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(changes{}, change{})); diff != "" {
			t.Errorf("second %d (-want +got):\n%s", second, diff)
		}
	}
	// Slots of five seconds ended at 5 and 10; the window begins at 5.
	if rate, window := l.rateOf(0); rate != 10 || window != 7 {
		t.Errorf("steady: got %v over %v s, want 10 over 7", rate, window)
	}
	if rate, _ := l.rateOf(1); rate != 50.0/7 {
		t.Errorf("new: got %v, want 50 in 7 s", rate)
	}
	if rate, _ := l.rateOf(99); rate != 0 {
		t.Errorf("unknown: got %v, want 0", rate)
	}
	if s := l.summary(); s.rate != (70.0+57)/7 || !slices.Equal(s.course, []uint32{50, 107}) {
		t.Errorf("all: got %v and %v", s.rate, s.course)
	}
	list := Customers{Customers: []Customer{{number: 0}, {number: 1}}}
	l.addCourses(&list, start)
	if got := list.Customers[0].course; !slices.Equal(got, []uint32{50, 50}) {
		t.Errorf("course of steady: got %v", got)
	}
	if got := list.Customers[1].course; !slices.Equal(got, []uint32{50}) {
		t.Errorf("course of new: got %v", got)
	}
}

func TestCoursesAreBounded(t *testing.T) {
	c := newCourses()
	now := time.Now()
	for n := range uint32(maxCourses + 10) {
		if got := c.want(n, now); (got == nil) != (n >= maxCourses) {
			t.Fatalf("course %d: got %v", n, got)
		}
	}
	c.turn(make([]uint32, maxCourses), []uint32{1})
	if len(c.of) != maxCourses {
		t.Errorf("got %d, want those that are wanted to stay", len(c.of))
	}
	for _, w := range c.of {
		w.wanted = now.Add(-2 * courseWanted)
	}
	c.turn(make([]uint32, maxCourses), []uint32{1})
	if len(c.of) != 1 || c.of[1] == nil {
		t.Errorf("got %d, want the leader alone", len(c.of))
	}
}

func TestPlansComePageByPage(t *testing.T) {
	limits := standings{}
	for i := range 10 {
		limits = append(limits, plan.State{Customer: fmt.Sprintf("c%d", i), Plan: "web", Denied: i%5 == 0, Limits: []plan.Usage{
			{Period: plan.Day, Max: 100, Used: uint64(i % 3 * 50)}, {Period: plan.Total, Max: 1 << 63, Used: 1 << 61},
		}})
	}
	for query, want := range map[string]string{
		"sort=name":             "c0 c1 c2 c3 c4 c5 c6 c7 c8 c9",
		"sort=used":             "c2 c5 c8 c1 c4 c7 c0 c3 c6 c9",
		"sort=used&denied=true": "c5 c0",
		"sort=name&denied=true": "c0 c5",
	} {
		for _, limit := range []int{1, 3, 10, 11} {
			r := serving(t, Config{Limits: limits}, nil)
			var got []string
			for cursor := ""; ; {
				page := getJSON[Plans](r, fmt.Sprintf("/v1/plans?%s&limit=%d&cursor=%s", query, limit, cursor))
				if page.Count != 10 || page.Denied != 2 {
					t.Errorf("got %d and %d denied, want 10 and 2", page.Count, page.Denied)
				}
				for _, s := range page.States {
					got = append(got, s.Customer)
				}
				if cursor = page.Next; cursor == "" {
					break
				}
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s by %d: got %v, want %s", query, limit, got, want)
			}
		}
	}
}

func TestListenerHasRoomForSoManyConnections(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	bounded := newBoundedListener(ln, 2)
	accepted := make(chan net.Conn, 3)
	done := make(chan error, 1)
	go func() {
		for {
			conn, err := bounded.Accept()
			if err != nil {
				done <- err
				return
			}
			accepted <- conn
		}
	}()
	for range 3 {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	first, second := <-accepted, <-accepted
	select {
	case <-accepted:
		t.Error("a third connection was accepted")
	case <-time.After(50 * time.Millisecond):
	}
	first.Close()
	first.Close() // makes room once
	third := <-accepted
	if err := bounded.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err == nil {
		t.Error("Accept goes on after Close")
	}
	second.Close()
	third.Close()
}

func TestNumbersAreWrittenForPeople(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", 1<<64 - 1: "18,446,744,073,709,551,615"} {
		if got := grouped(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
	for rate, want := range map[float64]string{0: "0", 0.04: "< 0.1", 1.25: "1.2", 99.94: "99.9", 1234.5: "1,235"} {
		if got := perSecond(rate); got != want {
			t.Errorf("%v: got %s, want %s", rate, got, want)
		}
	}
	for _, q := range []struct {
		used, limit uint64
		want        string
	}{
		{0, 5, "0 %"}, {1, 1000, "< 1 %"}, {999_999, 1_000_000, "99 %"}, {5, 5, "100 %"}, {1 << 63, 1 << 63, "100 %"}, {1<<64 - 1, 1, "over 1000 %"},
	} {
		if got := percent(q.used, q.limit); got != q.want {
			t.Errorf("%d of %d: got %s, want %s", q.used, q.limit, got, q.want)
		}
	}
	for n, want := range map[uint64]uint64{0: 1, 1: 1, 3: 4, 9: 10, 61: 80, 1001: 1200, 22_500: 24_000, 1<<64 - 1: 1<<64 - 1} {
		if got := roundUp(n); got != want {
			t.Errorf("%d: got %d, want %d", n, got, want)
		}
	}
}
