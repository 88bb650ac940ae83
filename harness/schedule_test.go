package harness

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const second = time.Second

func TestRepeatedFaultIsPlayedFromItsTimeUntilItsEnd(t *testing.T) {
	at := func(times ...time.Duration) (faults []Fault) {
		for _, at := range times {
			faults = append(faults, Fault{At: at, Do: FaultReload, Node: "proxy1"})
		}
		return faults
	}
	reload := func(at, every, during time.Duration) Fault {
		return Fault{At: at, Do: FaultReload, Node: "proxy1", Every: every, During: during}
	}
	for _, row := range []struct {
		why      string
		faults   []Fault
		schedule []Fault
	}{
		{"once", []Fault{reload(second, 0, 0)}, at(second)},
		{"the end is not part of it", []Fault{reload(second, second, 2*second)}, at(second, 2*second)},
		{"a last one before the end", []Fault{reload(second, 1500*time.Millisecond, 2*second)}, at(second, 2500*time.Millisecond)},
		{"until the workload ends", []Fault{reload(7*second, second, 0)}, at(7*second, 8*second, 9*second)},
		{"by time", []Fault{reload(3*second, 0, 0), reload(second, 4*second, 8*second), reload(-second, 0, 0)}, at(-second, second, 3*second, 5*second)},
	} {
		sc := Scenario{Workload: Workload{Duration: 10 * second}, Faults: row.faults}
		if diff := cmp.Diff(row.schedule, sc.Schedule()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.why, diff)
		}
	}
}

// chaotic makes a scenario of a seed and a mean time between faults.
func chaotic(seed uint64, every time.Duration) Scenario {
	return Scenario{
		Workload: Workload{Seed: seed, Duration: 100 * second},
		Faults:   []Fault{{At: 30 * second, Do: FaultStop, Node: "tracker1", For: 5 * second, Every: 20 * second, During: 60 * second}},
		Chaos: &Chaos{Every: every, Faults: []Fault{
			{Do: FaultReload, Node: "proxy1"},
			{Do: FaultRestart, Node: "tracker1", After: 3 * second},
			{Do: FaultCut, Node: "tracker1", For: 2 * second},
			{Do: FaultKill, Node: "backend2"},
		}},
	}
}

func TestChaosIsAFunctionOfTheSeed(t *testing.T) {
	first, other := chaotic(1, second), chaotic(2, second)
	if diff := cmp.Diff(first.Schedule(), first.Schedule()); diff != "" {
		t.Errorf("the same seed (-first +second):\n%s", diff)
	}
	if cmp.Equal(first.Schedule(), other.Schedule()) {
		t.Error("two seeds draw the same")
	}
}

func TestChaosNeverDisturbsABusyNode(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 0))
	for range 200 {
		seed, every := random.Uint64(), 10*time.Millisecond+time.Duration(random.Int64N(16*int64(second)))
		sc := chaotic(seed, every)
		schedule := sc.Schedule()
		if !slices.IsSortedFunc(schedule, func(a, b Fault) int { return int(a.At - b.At) }) {
			t.Errorf("seed %d every %v: not by time", seed, every)
		}
		until := map[string]time.Duration{}
		for _, f := range schedule {
			if f.At < 0 || f.At >= sc.Workload.Duration || f.At < until[f.Node] {
				t.Fatalf("seed %d every %v: %s %s at %v, its node is busy until %v", seed, every, f.Do, f.Node, f.At, until[f.Node])
			}
			until[f.Node] = f.until()
		}
	}
}

// TestChaosComesAsOftenAsItSays holds the mean: of exponential gaps, the number of
// faults has the variance of its mean.
func TestChaosComesAsOftenAsItSays(t *testing.T) {
	sc := Scenario{
		Workload: Workload{Seed: 1, Duration: 10_000 * second},
		Chaos:    &Chaos{Every: second, Faults: []Fault{{Do: FaultReload, Node: "proxy1"}, {Do: FaultReload, Node: "proxy2"}}},
	}
	drawn := map[string]int{}
	for _, f := range sc.Schedule() {
		drawn[f.Node]++
		if !f.Drawn {
			t.Fatalf("%+v is not marked as drawn", f)
		}
	}
	if all := drawn["proxy1"] + drawn["proxy2"]; all < 9_600 || all > 10_400 {
		t.Errorf("%d faults in 10,000 s, want about one each", all)
	}
	if n := drawn["proxy1"]; n < 4_700 || n > 5_300 {
		t.Errorf("%d of them on proxy1, want about half", n)
	}
}

func TestScheduleIsBounded(t *testing.T) {
	sc := chaotic(1, time.Microsecond)
	sc.Faults = []Fault{{Do: FaultReload, Node: "proxy9", Every: time.Microsecond}}
	if n := len(sc.Schedule()); n != MaxSchedule {
		t.Errorf("%d faults, want the limit of %d", n, MaxSchedule)
	}
}

func TestEveryFaultHasTraits(t *testing.T) {
	for _, name := range faultNames {
		if _, ok := faultTraits[name]; !ok {
			t.Errorf("fault %s has none", name)
		}
	}
	if len(faultTraits) != len(faultNames) {
		t.Errorf("%d kinds have traits, %d have names", len(faultTraits), len(faultNames))
	}
}
