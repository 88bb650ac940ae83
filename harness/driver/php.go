package driver

import (
	"strconv"
	"time"

	"github.com/haproof/haproof/harness"
)

func init() { registerProfile("php", newPHP) }

const phpBytes = 512

// newPHP is the plainest dynamic traffic, for throughput: every attempt is a GET
// that burns Work in PHP and answers 200 with 512 bytes, for all customers
// equally often. The workload's Dynamic is not looked at.
func newPHP(w harness.Workload) (profile, error) {
	customers, err := equalCustomers(w.Customers)
	if err != nil {
		return nil, err
	}
	return func(k uint64, r *random) Target {
		key, host := customers.pick(k, r)
		return Target{
			Method: "GET", Host: host, Path: application(r, 200, phpBytes, w.Work),
			Status: 200, Bytes: phpBytes, Dynamic: true, Key: key,
		}
	}, nil
}

// sections are the parts of a customer's site; none of them is a file, so all
// go to PHP.
var sections = []option[string]{{0.5, "/shop/item/"}, {0.3, "/forum/thread/"}, {0.2, "/blog/"}}

// application returns the path and query of a page that PHP answers.
func application(r *random, status int, bytes uint64, work time.Duration) string {
	b := make([]byte, 0, 80)
	b = append(b, draw(r, sections)...)
	b = strconv.AppendInt(b, int64(r.below(10_000)), 10)
	b = append(b, "?status="...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, "&size="...)
	b = strconv.AppendUint(b, bytes, 10)
	b = append(b, "&work="...)
	return string(strconv.AppendInt(b, work.Microseconds(), 10))
}
