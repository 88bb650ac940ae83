package driver

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/stats"
)

// tallyRow adds up the attempts of one route or of one host, in about 2 KiB. It holds no
// pointers, so that a collector never looks at it.
type tallyRow struct {
	attempts, errors, denied, bytes uint64
	max                             time.Duration
	response                        stats.Coarse
}

func (r *tallyRow) add(a *harness.Attempt, timed bool) {
	r.attempts++
	r.bytes += a.Bytes
	switch a.Cause {
	case "", harness.CauseAborted:
	case harness.CauseDenied:
		r.denied++
	default:
		r.errors++
	}
	if timed {
		r.response.Record(a.Latency())
		r.max = max(r.max, a.Latency())
	}
}

func (r *tallyRow) merge(other *tallyRow) {
	r.attempts += other.attempts
	r.errors += other.errors
	r.denied += other.denied
	r.bytes += other.bytes
	r.max = max(r.max, other.max)
	r.response.Merge(&other.response)
}

// row says what was counted, under a name.
func (r *tallyRow) row(name string) harness.StatisticsRow {
	return harness.StatisticsRow{
		Name: name, Attempts: r.attempts, Errors: r.errors, Denied: r.denied, Bytes: r.bytes,
		P50: min(r.response.Quantile(0.5), r.max), P99: min(r.response.Quantile(0.99), r.max), Max: r.max,
	}
}

// orNone returns the row of all others, nil where there are none.
func (r *tallyRow) orNone() *harness.StatisticsRow {
	if r.attempts == 0 {
		return nil
	}
	row := r.row(harness.OtherRows)
	return &row
}

// busiestFirst puts rows in order.
func busiestFirst(rows []harness.StatisticsRow) []harness.StatisticsRow {
	slices.SortFunc(rows, func(a, b harness.StatisticsRow) int {
		return cmp.Or(cmp.Compare(b.Attempts, a.Attempts), cmp.Compare(a.Name, b.Name))
	})
	return rows
}

// routeRows are the rows of the first routes, by index, and one for the others.
type routeRows struct {
	own    [harness.MaxRouteRows]tallyRow
	others tallyRow
}

func (r *routeRows) of(route uint16) *tallyRow {
	if int(route) < len(r.own) {
		return &r.own[route]
	}
	return &r.others
}

func (r *routeRows) merge(other *routeRows) {
	for i := range r.own {
		r.own[i].merge(&other.own[i])
	}
	r.others.merge(&other.others)
}

// rows returns the routes that were taken. One route without a name says no more than
// the whole does.
func (r *routeRows) rows(names []string) (own []harness.StatisticsRow, others *harness.StatisticsRow) {
	for i := range r.own {
		if r.own[i].attempts == 0 {
			continue
		}
		name := fmt.Sprintf("route %d", i)
		if i < len(names) {
			name = names[i]
		}
		own = append(own, r.own[i].row(name))
	}
	if len(own) == 1 && len(names) == 0 {
		own = nil
	}
	return busiestFirst(own), r.others.orNone()
}

// hostRows are the rows of those hosts whose names hash lowest, and one for the
// others. A host that is let in late was let in at its first attempt: the bar only
// ever falls. So each row is of all attempts of its host, in whatever order they end
// and however many tallies they are spread over.
type hostRows struct {
	at     map[string]int
	names  []string
	hashes []uint64
	own    []tallyRow
	worst  int // the row that goes next, where all are taken
	others tallyRow
}

func newHostRows(most int) hostRows {
	return hostRows{
		at:    make(map[string]int, most),
		names: make([]string, 0, most), hashes: make([]uint64, 0, most), own: make([]tallyRow, 0, most),
	}
}

// of returns the row of a host.
func (h *hostRows) of(host string) *tallyRow {
	if at, ok := h.at[host]; ok {
		return &h.own[at]
	}
	hash := hashOf(host)
	switch {
	case len(h.own) < cap(h.own):
		at := len(h.own)
		host = strings.Clone(host) // the caller's may be a piece of something large
		h.names, h.hashes, h.own = append(h.names, host), append(h.hashes, hash), append(h.own, tallyRow{})
		h.at[host] = at
		if at == 0 || hash > h.hashes[h.worst] {
			h.worst = at
		}
		return &h.own[at]
	case cap(h.own) == 0 || hash >= h.hashes[h.worst]:
		return &h.others
	}
	return h.replace(host, hash)
}

// replace gives the row of the worst host, which joins the others, to another host.
func (h *hostRows) replace(host string, hash uint64) *tallyRow {
	at := h.worst
	host = strings.Clone(host)
	h.others.merge(&h.own[at])
	delete(h.at, h.names[at])
	h.names[at], h.hashes[at], h.own[at] = host, hash, tallyRow{}
	h.at[host] = at
	for i := range h.hashes {
		if h.hashes[i] > h.hashes[h.worst] {
			h.worst = i
		}
	}
	return &h.own[at]
}

func (h *hostRows) merge(other *hostRows) {
	h.others.merge(&other.others)
	for i, name := range other.names {
		h.of(name).merge(&other.own[i])
	}
}

func (h *hostRows) rows() (own []harness.StatisticsRow, others *harness.StatisticsRow) {
	for i := range h.own {
		own = append(own, h.own[i].row(h.names[i]))
	}
	return busiestFirst(own), h.others.orNone()
}

// hashOf is FNV-1a, spread over all bits: neighbours' names differ in few.
func hashOf(s string) uint64 {
	hash := uint64(14695981039346656037)
	for i := range len(s) {
		hash = (hash ^ uint64(s[i])) * 1099511628211
	}
	hash ^= hash >> 32
	hash *= 0x9e3779b97f4a7c15
	return hash ^ hash>>32
}
