package driver

import (
	"strconv"
	"time"

	"github.com/haproof/haproof/harness"
)

func init() { registerProfile("php", newPHP, "php") }

const phpBytes = 512

// newPHP is the plainest dynamic traffic, for throughput: every attempt is a GET
// that burns Work in PHP and answers 200 with 512 bytes, for all customers
// equally often; but pages that clients leave within are long. The workload's
// Dynamic is not looked at.
func newPHP(w harness.Workload) (profile, error) {
	customers, err := equalCustomers(w)
	if err != nil {
		return nil, err
	}
	leaving := newLeaving(w)
	return func(k uint64, r *random, path []byte) (Target, []byte) {
		key, host := customers.pick(k, r)
		size := uint64(phpBytes)
		if leaving.within(k) {
			size = longBytes
		}
		target := Target{Method: "GET", Host: host, Status: 200, Bytes: size, Dynamic: true, Key: key}
		return target, appendApplication(path, r, 200, size, w.Work)
	}, nil
}

// sections are the parts of a customer's site; none of them is a file, so all
// go to PHP.
var sections = []option[string]{{0.5, "/shop/item/"}, {0.3, "/forum/thread/"}, {0.2, "/blog/"}}

// appendApplication appends the path and query of a page that PHP answers.
func appendApplication(b []byte, r *random, status int, bytes uint64, work time.Duration) []byte {
	b = append(b, draw(r, sections)...)
	b = strconv.AppendInt(b, int64(r.below(10_000)), 10)
	b = append(b, "?status="...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, "&size="...)
	b = strconv.AppendUint(b, bytes, 10)
	b = append(b, "&work="...)
	return strconv.AppendInt(b, work.Microseconds(), 10)
}
