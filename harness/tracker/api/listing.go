package api

import (
	"slices"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

const (
	usualPage = 100 // customers
	maxPage   = 1000
)

// The orders of customers: most used first, fastest first, or by the bytes of names.
const (
	byUsage = "usage"
	byRate  = "rate"
	byName  = "name"
)

// listing is which customers are asked for.
type listing struct {
	order  string
	prefix string // of names
	limit  int
	after  *cursor // nil for the first page
}

// listing reads sort, prefix, limit and cursor.
func (p params) listing(usual int) (l listing, err error) {
	if l.order, err = p.choice("sort", byUsage, byRate, byName); err != nil {
		return l, err
	}
	if l.limit, err = p.number("limit", usual, maxPage); err != nil {
		return l, err
	}
	if l.prefix, err = fromText(p.text("prefix")); err != nil {
		return l, wrong("prefix", "%v", err)
	}
	if text := p.text("cursor"); text != "" {
		if l.after, err = parseCursor(text, l.order); err != nil {
			return l, wrong("cursor", "%v", err)
		}
	}
	return l, nil
}

// byIndex says whether the order of the names is needed.
func (l listing) byIndex() bool { return l.prefix != "" || l.order == byName }

// names are those of the newest look.
func (l *live) names() []string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.totals.Names
}

// page returns the customers that a listing asks for. order are those that match, by
// name; nil if all do and the order is another.
func (l *live) page(want listing, order []uint32) Customers {
	l.mu.RLock()
	defer l.mu.RUnlock()
	c := Customers{
		At: l.at.UTC(), Durable: l.durable, Count: len(l.totals.Names), Matching: len(l.totals.Names),
		WindowSeconds: l.window(), Customers: []Customer{},
	}
	if want.byIndex() {
		c.Matching = len(order)
	}
	var numbers []uint32
	if want.order == byName {
		numbers = want.fromNames(order, l.totals.Names)
	} else {
		numbers = l.fromKeys(want, order)
	}
	if len(numbers) > want.limit {
		numbers = numbers[:want.limit]
		last := numbers[want.limit-1]
		c.Next = l.cursor(want.order, last).String()
	}
	for _, n := range numbers {
		c.Customers = append(c.Customers, l.customer(n))
	}
	return c
}

func (l *live) customer(n uint32) Customer {
	return Customer{Customer: tracker.InText(l.totals.Names[n]), Total: l.totals.Each[n], Rate: l.rate(n), number: n, name: l.totals.Names[n]}
}

// fromNames returns one customer more than a page has, if there are so many.
func (l listing) fromNames(order []uint32, names []string) []uint32 {
	if l.after != nil {
		first, _ := slices.BinarySearchFunc(order, string(l.after.Name), func(n uint32, after string) int {
			if names[n] <= after {
				return -1
			}
			return 1
		})
		order = order[first:]
	}
	return order[:min(len(order), l.limit+1)]
}

// fromKeys is fromNames for the orders by a number: it looks at every customer, which
// takes less than to keep them in an order that changes all the time.
func (l *live) fromKeys(want listing, order []uint32) []uint32 {
	first := newBest(want.limit + 1)
	offer := func(n uint32) {
		r := ranked{l.key(want.order, n), n}
		if want.after == nil || r.compare(ranked{want.after.Key, want.after.Number}) > 0 {
			first.offer(r)
		}
	}
	if want.prefix == "" {
		for n := range l.totals.Names {
			offer(uint32(n))
		}
	} else {
		for _, n := range order {
			offer(n)
		}
	}
	var numbers []uint32
	for _, r := range first.sorted() {
		numbers = append(numbers, r.number)
	}
	return numbers
}

// key is what a customer is ordered by.
func (l *live) key(order string, n uint32) uint64 {
	switch order {
	case byUsage:
		return l.totals.Each[n]
	case byRate:
		return l.recent(n)
	default:
		return 0
	}
}

// addCourses adds how the customers of a page grew, and remembers that it was asked.
func (l *live) addCourses(to *Customers, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range to.Customers {
		c := &to.Customers[i]
		if w := l.courses.want(c.number, now); w != nil {
			c.course = slices.Clone(w.known())
		}
	}
}
