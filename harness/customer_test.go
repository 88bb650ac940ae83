package harness

import "testing"

func TestCustomersHaveTheirNumberInTheirName(t *testing.T) {
	for _, w := range []Workload{{}, {Prefix: "acme-"}, {Prefix: "c1-c"}} {
		for _, number := range []int{0, 49, MaxCustomers - 1} {
			name := w.Customer(number)
			if got, ok := CustomerNumber(name); !ok || got != number {
				t.Errorf("%s: got %d, %v, want %d", name, got, ok, number)
			}
		}
	}
	for _, name := range []string{"", "c", "0001", "c-1", "c+1", "c1x", "acme", "c99999999999999999999"} {
		if got, ok := CustomerNumber(name); ok {
			t.Errorf("%q: got number %d, and it has none", name, got)
		}
	}
}
