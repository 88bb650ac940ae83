package reports

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/haproof/haproof/harness"
)

// Caps of what is shown of a driver's own statistics.
const (
	maxEndings = 20
	maxRoutes  = 20
	maxHosts   = 10 // busiest, and as many slowest
	// slowAttempts is how many attempts a host must have to be among the slowest.
	slowAttempts = 100
)

// ledgerTable says in which class the attempts of each trial are. It has no rows where
// the driver did not say.
func ledgerTable(r *harness.Result) table {
	tab := table{
		Title: "Where the attempts went",
		Note: "Scheduled is shed plus sent; sent is answered, refused and unknown. Shed: given up before it was sent, as its client's patience had ended. " +
			"Refused: certainly never reached an origin. Unknown: sent, without a complete answer.",
	}
	all := trials(r)
	if len(r.Cells) > 1 {
		tab.Columns = append(tab.Columns, left("cell"))
	}
	if len(all) > 1 {
		tab.Columns = append(tab.Columns, right("trial"))
	}
	tab.Columns = append(tab.Columns, right("scheduled"), right("shed"), right("sent"), right("answered"), right("refused"), right("unknown"), right("soft start"), right("bytes"))
	for _, ct := range all {
		s := ct.trial.Statistics
		if s == nil {
			continue
		}
		var cells []string
		if len(r.Cells) > 1 {
			cells = append(cells, word(ct.cell.Cell.Name))
		}
		if len(all) > 1 {
			cells = append(cells, count(ct.trial.Trial))
		}
		c := s.Classes
		tab.add("", append(cells, count(c.Scheduled), count(c.Shed), count(c.Sent), count(c.Completed), count(c.Refused), count(c.Unknown), count(s.Soft), count(s.Bytes))...)
	}
	tab.limit(maxTrialRows)
	return tab
}

// statisticsTables are the tables of one trial's statistics: none where the driver
// kept none.
func statisticsTables(r *harness.Result) []table {
	ct := shown(r)
	if ct.trial == nil || ct.trial.Statistics == nil {
		return nil
	}
	s := ct.trial.Statistics
	tables := []table{partTable(s), endingTable(s), routeTable(s)}
	tables = append(tables, hostTables(s)...)
	for i := range tables {
		if of := ct.name(r); of != "" {
			tables[i].Title += " (" + of + ")"
		}
	}
	return tables
}

// partTable lists the times of parts of an attempt.
func partTable(s *harness.Statistics) table {
	tab := table{
		Title: "How long parts of it took",
		Note: "First byte counts from the actual send time. Connecting and shaking hands are of new connections only. " +
			"Queued: waiting for a connection, because as many were busy as may be open.",
		Columns: []column{left("part"), right("n"), right("p50"), right("p90"), right("p99"), right("p99.9"), right("max")},
	}
	if s.Queued.Max > 0 {
		addQuantiles(&tab, nil, "queued", s.Queued.Quantiles)
	}
	for _, t := range []namedTime{{"connect", &s.Connect}, {"handshake", &s.Handshake}, {"first byte", &s.FirstByte}} {
		if t.of.N > 0 {
			addQuantiles(&tab, nil, t.name, t.of.Quantiles)
		}
	}
	return tab
}

// endingTable lists statuses, and causes of what went wrong.
func endingTable(s *harness.Statistics) table {
	tab := table{
		Title:   "How the attempts ended",
		Note:    "An attempt may have a status and a cause: the cause says why it did not go as expected.",
		Columns: []column{left("ending"), right("attempts"), right("share")},
	}
	whole := float64(max(1, s.Classes.Scheduled))
	for _, status := range slices.Sorted(maps.Keys(s.Statuses)) {
		n := s.Statuses[status]
		tab.add("", "status "+count(status), count(n), percent(float64(n)/whole))
	}
	causes := slices.SortedFunc(maps.Keys(s.Causes), func(a, b harness.Cause) int {
		return cmp.Or(cmp.Compare(s.Causes[b], s.Causes[a]), strings.Compare(string(a), string(b)))
	})
	for _, cause := range causes {
		tab.add("", "cause "+word(string(cause)), count(s.Causes[cause]), percent(float64(s.Causes[cause])/whole))
	}
	tab.limit(maxEndings)
	return tab
}

// routeTable lists the routes, where there are several.
func routeTable(s *harness.Statistics) table {
	tab := rowTable("Routes", "route")
	if len(s.Routes) < 2 {
		return tab
	}
	for _, row := range s.Routes {
		tab.addRow(row)
	}
	tab.limit(maxRoutes)
	if s.OtherRoutes != nil {
		tab.addRow(*s.OtherRoutes)
	}
	return tab
}

// hostTables list the busiest hosts and, where there are more than those, the slowest.
func hostTables(s *harness.Statistics) []table {
	if len(s.Hosts) < 2 {
		return nil
	}
	busy := rowTable("The busiest hosts", "host")
	kept, _ := first(s.Hosts, maxHosts)
	for _, row := range kept {
		busy.addRow(row)
	}
	busy.Omitted = len(s.Hosts) - len(kept) + s.MoreHosts
	if s.OtherHosts != nil {
		busy.Note += " Of more than " + count(harness.MaxHostRows) + " hosts, a fixed sample of that many is counted one by one, and the rest together."
		busy.addRow(*s.OtherHosts)
	}
	if busy.Omitted == 0 {
		busy.Title = "Hosts"
		return []table{busy}
	}
	slow := rowTable("The slowest hosts", "host")
	rows := slices.DeleteFunc(slices.Clone(s.Hosts), func(row harness.StatisticsRow) bool { return row.Attempts < slowAttempts })
	slices.SortStableFunc(rows, func(a, b harness.StatisticsRow) int { return cmp.Compare(b.P99, a.P99) })
	slow.Note = "By p99, of hosts with at least " + count(slowAttempts) + " attempts. " + slow.Note
	rows, _ = first(rows, maxHosts)
	for _, row := range rows {
		slow.addRow(row)
	}
	return []table{busy, slow}
}

// rowTable is an empty table of routes or hosts.
func rowTable(title, what string) table {
	return table{
		Title:   title,
		Note:    "Response times; quantiles may be up to a sixteenth too high. Errors are without those that were denied, or left by the client.",
		Columns: []column{left(what), right("attempts"), right("errors"), right("denied"), right("bytes"), right("p50"), right("p99"), right("max")},
	}
}

func (t *table) addRow(row harness.StatisticsRow) {
	t.add("", word(row.Name), count(row.Attempts), count(row.Errors), count(row.Denied), count(row.Bytes),
		duration(row.P50), duration(row.P99), duration(row.Max))
}
