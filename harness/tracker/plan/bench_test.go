package plan

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

const many = 100_000

func manyCustomers() []string {
	names := make([]string, many)
	for i := range names {
		names[i] = fmt.Sprintf("customer%06d", i)
	}
	return names
}

func benchmarkGrow(b *testing.B, set Set) {
	names := manyCustomers()
	m := start(b, set, november)
	for _, name := range names {
		m.Grow(name, november, 1)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.Grow(names[i*7919%many], november, 1) // far apart in memory
	}
}

var fourLimits = []Plan{{Name: "p", Limits: []Limit{{Hour, 1 << 50}, {Day, 1 << 51}, {Month, 1 << 52}, {Total, 1 << 53}}, Warn: []int{80}, Deny: true}}

// BenchmarkGrow has 100,000 customers, each with limits for every period.
func BenchmarkGrow(b *testing.B) {
	benchmarkGrow(b, Set{Plans: fourLimits, Default: "p"})
}

// BenchmarkGrowWithoutPlan has 100,000 customers with a plan, and grows others.
func BenchmarkGrowWithoutPlan(b *testing.B) {
	set := Set{Plans: fourLimits, Assigned: map[string]string{}}
	for i := range many {
		set.Assigned[fmt.Sprintf("assigned%06d", i)] = "p"
	}
	benchmarkGrow(b, set)
}

// BenchmarkAdvance begins a new hour while 100,000 customers are denied.
func BenchmarkAdvance(b *testing.B) {
	set := Set{Plans: []Plan{{Name: "p", Limits: []Limit{{Total, 1}}, Warn: []int{80}, Deny: true}}, Default: "p"}
	m := start(b, set, november)
	for _, name := range manyCustomers() {
		m.Grow(name, november, 1)
	}
	now := november
	for b.Loop() {
		now = now.Add(time.Hour)
		m.Advance(now)
	}
}

// BenchmarkReplace replaces the plans of 100,000 customers.
func BenchmarkReplace(b *testing.B) {
	set := Set{Plans: fourLimits, Default: "p"}
	m := start(b, set, november)
	for _, name := range manyCustomers() {
		m.Grow(name, november, 1)
	}
	for b.Loop() {
		if _, err := m.Replace(set, november); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMemory reports the bytes that each of 100,000 customers takes, without
// its name.
func BenchmarkMemory(b *testing.B) {
	names := manyCustomers()
	for b.Loop() {
		before := heap()
		m := start(b, Set{Plans: fourLimits, Default: "p"}, november)
		for _, name := range names {
			m.Grow(name, november, 1)
		}
		b.ReportMetric(float64(heap()-before)/many, "B/customer")
		runtime.KeepAlive(m)
	}
}

func heap() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}
