package api

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
	"github.com/haproof/haproof/harness/peers"
	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/plan"
)

// standings are Limits that stand still.
type standings []plan.State

var _ Limits = standings(nil)

func (s standings) State(customer string) (plan.State, bool) {
	i := slices.IndexFunc(s, func(p plan.State) bool { return p.Customer == customer })
	if i < 0 {
		return plan.State{}, false
	}
	return s[i], true
}

func (s standings) States() iter.Seq[plan.State] { return slices.Values(s) }

// shop is a store as a hosting company might have: customers of very different size,
// with usage of the last 400 days.
func shop(random *rand.Rand, now time.Time) (*memory, standings) {
	m := &memory{}
	var limits standings
	kinds := []string{"bakery", "cycling", "photo", "garden", "chess", "books", "sailing", "radio", "forum", "kitchen", "hiking", "museum"}
	towns := []string{"berlin", "potsdam", "leipzig", "köln", "bremen", "erfurt", "ulm", "jena", "kiel", "trier"}
	hour := tracker.HourOf(now)
	for i := range 96 {
		m.names = append(m.names, kinds[i%len(kinds)]+"-"+towns[(i/len(kinds)+i)%len(towns)]+".example")
		size := 40_000 * math.Exp(-float64(i)/9) * (0.7 + 0.6*random.Float64())
		total, month := uint64(0), uint64(0)
		for back := tracker.Hour(0); back < 400*24; back++ {
			at := (hour - back).Time()
			daily := 0.25 + 0.75*math.Pow(math.Sin(math.Pi*float64(at.Hour())/24), 2)
			n := uint64(size / 24 * daily * (0.7 + 0.6*random.Float64()) * (1 - float64(back)/(500*24)))
			if n == 0 {
				continue
			}
			m.growth = append(m.growth, tracker.Growth{Customer: uint32(i), Hour: hour - back, N: n})
			total += n
			if at.Month() == now.Month() && at.Year() == now.Year() {
				month += n
			}
		}
		m.entries = append(m.entries, tracker.EntryState{Customer: uint32(i), Base: total})
		allowed := []uint64{1_000_000, 500_000, 250_000, 100_000}[min(i/6, 3)]
		if i%9 == 4 {
			allowed = month / 10_000 * 10_000 // reached
		} else if i%7 == 2 {
			allowed = month * 11 / 10 / 10_000 * 10_000
		}
		s := plan.State{Customer: m.names[i], Plan: "web", Denied: month >= allowed,
			Limits: []plan.Usage{{Period: plan.Month, Max: allowed, Used: month, Resets: plan.Month.End(now)}}}
		limits = append(limits, s)
	}
	return m, limits
}

// past lets the API of a tracker remember the last five minutes before it was started.
func (l *live) past(random *rand.Rand, totals tracker.Totals, now time.Time) {
	const looks = slots*slotTicks + slotTicks
	each := slices.Clone(totals.Each)
	backwards := [][]uint64{slices.Clone(each)}
	for look := range looks {
		for i := range each {
			rate := float64(totals.Each[i]) / 2e5 * (1 + .6*math.Sin(float64(look)/17+float64(i))) * random.Float64() * 2
			each[i] -= min(each[i], uint64(rate+random.Float64()*.3))
		}
		backwards = append(backwards, slices.Clone(each))
	}
	for look, each := range slices.Backward(backwards) {
		total := uint64(0)
		for _, n := range each {
			total += n
		}
		l.see(tracker.Totals{Total: total, Names: totals.Names, Each: each}, true, now.Add(-time.Duration(look)*l.tick))
	}
}

// TestPicture draws the pages as they look with some customers into the directory that
// HAPROOF_PICTURES names. docs/tracker.png is its overview-light-1280.png.
func TestPicture(t *testing.T) {
	dir := os.Getenv("HAPROOF_PICTURES")
	if dir == "" {
		t.Skip("HAPROOF_PICTURES names no directory")
	}
	random := rand.New(rand.NewPCG(1, 2))
	now := time.Now().UTC()
	store, limits := shop(random, now)
	r := serving(t, Config{Tick: time.Second, Limits: limits, Version: "quota-tracker 1.0"}, store)
	var proxies []*peer
	for i, name := range []string{"hap1", "hap2"} {
		p := r.call(name, 4711+i)
		proxies = append(proxies, p)
		p.Finished()
		p.push(store.names[0]+"|1", 12, store.names[5]+"|1", 40)
	}
	realtest.Await(t, "ready", r.tracker.Ready)
	totals, err := r.tracker.Totals(t.Context(), tracker.Totals{})
	if err != nil {
		t.Fatal(err)
	}
	r.api.live.mu.Lock()
	r.api.live.began = time.Time{}
	r.api.live.slot, r.api.live.before = nil, nil
	r.api.live.mu.Unlock()
	r.api.live.past(random, totals, now)
	b := newBrowser(t, r.addr)
	for page, path := range map[string]string{
		"overview": "/", "days": "/customer?bucket=day&name=" + store.names[3], "hours": "/customer?name=" + store.names[4], "problem": "/customer?name=nobody",
	} {
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{1280, 400} {
				for _, p := range proxies {
					p.Write(peers.Heartbeat.AppendTo(nil))
				}
				b.open(path)
				if page != "problem" {
					realtest.Await(t, "the page listens", func() error { return contains(b.text("#link"), "live") })
				}
				name := fmt.Sprintf("%s-%s-%d.png", page, scheme, width)
				if err := os.WriteFile(filepath.Join(dir, name), b.picture(width, scheme), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
