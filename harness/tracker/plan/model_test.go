package plan

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// model is what the documentation promises, computed the long way: it remembers all
// growth, and tells periods apart by how they are written.
type model struct {
	set     Set
	now     time.Time
	history []growth
	emitted map[event]bool
}

type growth struct {
	customer string
	hour     time.Time
	n        uint64
}

// event is what makes a crossing another one.
type event struct {
	customer, plan string
	period         Period
	label          string
	limit          uint64
	percent        int
}

func label(p Period, t time.Time) string {
	return t.UTC().Format(map[Period]string{Hour: "2006-01-02T15", Day: "2006-01-02", Month: "2006-01", Total: "ever"}[p])
}

// labelBefore goes back hour by hour.
func labelBefore(p Period, t time.Time) string {
	if p == Total {
		return "none"
	}
	back := t
	for label(p, back) == label(p, t) {
		back = back.Add(-time.Hour)
	}
	return label(p, back)
}

func (m *model) plan(customer string) *Plan {
	name, ok := m.set.Assigned[customer]
	if !ok {
		name = m.set.Default
	}
	for i := range m.set.Plans {
		if m.set.Plans[i].Name == name {
			return &m.set.Plans[i]
		}
	}
	return nil
}

func (m *model) used(customer string, p Period, name string) (n uint64) {
	for _, g := range m.history {
		if g.customer == customer && label(p, g.hour) == name {
			n += g.n
		}
	}
	return n
}

func (m *model) grow(g growth) (fresh []event) {
	before := model{set: m.set, history: m.history}
	m.history = append(m.history, g)
	p := m.plan(g.customer)
	if p == nil {
		return nil
	}
	for _, l := range p.Limits {
		name := label(l.Period, g.hour)
		if name != label(l.Period, m.now) && name != labelBefore(l.Period, m.now) {
			continue
		}
		was, is := before.used(g.customer, l.Period, name), m.used(g.customer, l.Period, name)
		for _, percent := range append([]int{100}, p.Warn...) {
			if is*100 >= l.Max*uint64(percent) && was*100 < l.Max*uint64(percent) {
				fresh = m.emit(fresh, event{g.customer, p.Name, l.Period, name, l.Max, percent})
			}
		}
	}
	return fresh
}

func (m *model) replace(set Set) (fresh []event) {
	m.set = set
	for _, customer := range customers {
		p := m.plan(customer)
		if p == nil {
			continue
		}
		for _, l := range p.Limits {
			name := label(l.Period, m.now)
			for _, percent := range append([]int{100}, p.Warn...) {
				if m.used(customer, l.Period, name)*100 >= l.Max*uint64(percent) {
					fresh = m.emit(fresh, event{customer, p.Name, l.Period, name, l.Max, percent})
				}
			}
		}
	}
	return fresh
}

func (m *model) emit(fresh []event, e event) []event {
	if m.emitted[e] {
		return fresh
	}
	m.emitted[e] = true
	return append(fresh, e)
}

func (m *model) denied() []string {
	var denied []string
	for _, customer := range customers {
		p := m.plan(customer)
		if p != nil && p.Deny && slices.ContainsFunc(p.Limits, func(l Limit) bool {
			return m.used(customer, l.Period, label(l.Period, m.now)) >= l.Max
		}) {
			denied = append(denied, customer)
		}
	}
	return denied
}

var customers = []string{"a", "b", "c", "d", "\xff|"}

func randomSet(r *rand.Rand) Set {
	s := Set{Assigned: map[string]string{}}
	for i := range 1 + r.IntN(3) {
		p := Plan{Name: fmt.Sprintf("p%d", i), Deny: r.IntN(2) == 0}
		for _, period := range r.Perm(periods)[:1+r.IntN(periods)] {
			p.Limits = append(p.Limits, Limit{Period(period + 1), 1 + r.Uint64N(40)})
		}
		for _, percent := range r.Perm(99)[:r.IntN(3)] {
			p.Warn = append(p.Warn, percent+1)
		}
		s.Plans = append(s.Plans, p)
	}
	for _, customer := range customers {
		if r.IntN(2) == 0 {
			s.Assigned[customer] = s.Plans[r.IntN(len(s.Plans))].Name
		}
	}
	if r.IntN(2) == 0 {
		s.Default = s.Plans[r.IntN(len(s.Plans))].Name
	}
	return s
}

// rig plays the same against a Meter and the model.
type rig struct {
	*testing.T
	random *rand.Rand
	meter  *Meter
	model  *model
	taken  map[ID]Crossing
	denied map[string]bool // from Changes
	at     string          // what was done last, for messages
}

func newRig(t *testing.T, seed uint64) *rig {
	r := &rig{T: t, random: rand.New(rand.NewPCG(seed, 0)), taken: map[ID]Crossing{}, denied: map[string]bool{}}
	now := time.Date(2027, 12, 25, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.random.IntN(24*70)) * time.Hour)
	r.model = &model{now: now, emitted: map[event]bool{}}
	return r
}

func (r *rig) step() {
	var fresh []event
	switch n := r.random.IntN(100); {
	case n < 70:
		back := []time.Duration{0, 0, 0, time.Hour, 24 * time.Hour, 800 * time.Hour}[r.random.IntN(6)]
		g := growth{customers[r.random.IntN(len(customers))], r.model.now, 1 + r.random.Uint64N(6)}
		g.hour = g.hour.Add(-time.Duration(r.random.Int64N(int64(back) + 1))).Truncate(time.Hour)
		r.at = fmt.Sprintf("grow %q in %v by %d", g.customer, g.hour, g.n)
		r.meter.Grow(g.customer, g.hour, g.n)
		fresh = r.model.grow(g)
	case n < 92:
		step := []time.Duration{time.Minute, time.Hour, 24 * time.Hour, 1000 * time.Hour}[r.random.IntN(4)]
		r.model.now = r.model.now.Add(time.Duration(r.random.Int64N(int64(step))))
		r.at = fmt.Sprint("advance ", r.model.now)
		r.meter.Advance(r.model.now)
	case n < 97:
		set := randomSet(r.random)
		r.model.now = r.model.now.Add(time.Duration(r.random.Int64N(int64(40 * time.Hour))))
		r.at = fmt.Sprintf("replace %+v", set)
		gap, err := r.meter.Replace(set, r.model.now)
		if err != nil {
			r.Fatal(err)
		}
		r.restore(gap)
		fresh = r.model.replace(set)
	default:
		fresh = r.restart()
	}
	r.compare(fresh)
}

// restart begins a new Meter with what was stored, perhaps with other plans.
func (r *rig) restart() []event {
	set := r.model.set
	if set.Plans == nil || r.random.IntN(2) == 0 {
		set = randomSet(r.random)
	}
	r.at = fmt.Sprintf("restart %+v", set)
	meter, err := New(set, r.model.now)
	if err != nil {
		r.Fatal(err)
	}
	r.meter = meter
	for id, c := range r.taken {
		meter.Emitted(id, c.PeriodEnd)
	}
	clear(r.denied)
	r.restore(Gap{Everyone: true})
	return r.model.replace(set)
}

// restore tells what is in the gap, and sometimes more.
func (r *rig) restore(gap Gap) {
	if !gap.Everyone && len(gap.Customers) == 0 {
		return
	}
	more := map[string]bool{}
	for _, g := range r.model.history {
		if _, ok := more[g.customer]; !ok {
			more[g.customer] = r.random.IntN(2) == 0 && r.meter.accounts[g.customer] != nil
		}
		if gap.Everyone || slices.Contains(gap.Customers, g.customer) || more[g.customer] {
			r.meter.Restore(g.customer, g.hour, g.n)
		}
	}
	r.meter.Restored()
}

func (r *rig) compare(fresh []event) {
	r.Helper()
	var got []event
	for _, c := range r.meter.Take() {
		got = append(got, r.check(c))
	}
	order := func(a, b event) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) }
	slices.SortFunc(got, order)
	slices.SortFunc(fresh, order)
	if diff := gocmp.Diff(fresh, got, gocmp.AllowUnexported(event{})); diff != "" {
		r.Fatalf("%s: crossings, want -, got +:\n%s", r.at, diff)
	}
	want := r.model.denied()
	if denied := slices.Sorted(slices.Values(r.meter.Denied())); !slices.Equal(denied, want) {
		r.Fatalf("%s: denied %q, want %q", r.at, denied, want)
	}
	if r.random.IntN(3) == 0 {
		for _, c := range r.meter.Changes() {
			if r.denied[c.Customer] == c.Denied {
				r.Fatalf("%s: %v is no change", r.at, c)
			}
			r.denied[c.Customer] = c.Denied
		}
		maps.DeleteFunc(r.denied, func(_ string, denied bool) bool { return !denied })
		if told := slices.Sorted(maps.Keys(r.denied)); !slices.Equal(told, want) {
			r.Fatalf("%s: changes make %q denied, want %q", r.at, told, want)
		}
	}
	for s := range r.meter.States() {
		for _, u := range s.Limits {
			if used := r.model.used(s.Customer, u.Period, label(u.Period, r.model.now)); u.Used != used {
				r.Fatalf("%s: %q has used %+v, want %d", r.at, s.Customer, u, used)
			}
		}
	}
}

// check looks at what a crossing says of its period.
func (r *rig) check(c Crossing) event {
	if other, ok := r.taken[c.ID]; ok {
		r.Fatalf("%s: the same id for %+v and %+v", r.at, c, other)
	}
	r.taken[c.ID] = c
	name := label(c.Period, c.PeriodStart)
	if c.Period != Total && (label(c.Period, c.PeriodStart.Add(-1)) == name ||
		label(c.Period, c.PeriodEnd.Add(-1)) != name || label(c.Period, c.PeriodEnd) == name) {
		r.Fatalf("%s: period of %+v", r.at, c)
	}
	if used := r.model.used(c.Customer, c.Period, name); c.Used != used || !c.At.Equal(r.model.now) {
		r.Fatalf("%s: %+v, want %d used at %v", r.at, c, used, r.model.now)
	}
	return event{c.Customer, c.Plan, c.Period, name, c.Limit, c.Percent}
}

func TestMeterAgreesWithTheModel(t *testing.T) {
	seeds := 300
	if testing.Short() {
		seeds = 50
	}
	crossings := 0
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := newRig(t, seed)
			r.compare(r.restart())
			for range 200 {
				r.step()
			}
			crossings += len(r.taken)
		})
	}
	if crossings < 10*seeds {
		t.Errorf("%d crossings in %d runs: too few to prove anything", crossings, seeds)
	}
}

func TestOrderOfGrowthMakesNoDifference(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		set := randomSet(r)
		now := time.Date(2028, 3, 1, 0, 30, 0, 0, time.UTC)
		all := make([]growth, 200)
		for i := range all {
			hour := now.Add(-time.Duration(r.IntN(2000)) * time.Hour).Truncate(time.Hour)
			all[i] = growth{customers[r.IntN(len(customers))], hour, r.Uint64N(4)}
		}
		play := func() (ids []string, denied []string, states []State) {
			m, err := New(set, now)
			if err != nil {
				t.Fatal(err)
			}
			m.Restored()
			for _, g := range all {
				m.Grow(g.customer, g.hour, g.n)
			}
			for _, c := range m.Take() {
				ids = append(ids, c.ID.String())
			}
			slices.Sort(ids)
			states = slices.SortedFunc(m.States(), func(a, b State) int { return cmp.Compare(a.Customer, b.Customer) })
			return ids, slices.Sorted(slices.Values(m.Denied())), states
		}
		ids, denied, states := play()
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		ids2, denied2, states2 := play()
		if !slices.Equal(ids, ids2) || !slices.Equal(denied, denied2) {
			t.Fatalf("seed %d: crossings %v and %v, denied %v and %v", seed, ids, ids2, denied, denied2)
		}
		if diff := gocmp.Diff(states, states2); diff != "" {
			t.Fatalf("seed %d: states differ:\n%s", seed, diff)
		}
	}
}
