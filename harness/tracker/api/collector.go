package api

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/haproof/haproof/harness/tracker"
)

// maxLabels bounds the sources that are named; the others are added up as "(other)",
// which is no name of a peer.
const maxLabels = 100

// collector tells what a tracker knows when it is asked.
type collector struct{ api atomic.Pointer[API] }

var _ prometheus.Collector = (*collector)(nil)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("quota_tracker_"+name, help, labels, nil)
}

var (
	descInfo        = describe("build_info", "1; the labels say what was built.", "version", "go")
	descStored      = describe("store_configured", "1 if counts are kept in a store, 0 if they end with the program.")
	descReady       = describe("ready", "1 if /readyz says yes.")
	descFailing     = describe("commit_failing_seconds", "For how long nothing could be committed; 0 if it can.")
	descTotal       = describe("counted_total", "Sum of the totals of all customers, since ever.")
	descCustomers   = describe("customers", "Customers that were ever counted.")
	descEntries     = describe("entries", "Counters in memory: one for each customer in each generation.")
	descGenerations = describe("generations", "Generations of keys: open ones count, closed ones do not any more.", "state")
	descMemory      = describe("memory_bytes", "Memory that customers and entries take, about.")
	descCommits     = describe("commits_total", "Commits that succeeded.")
	descFailures    = describe("commit_failures_total", "Commits that failed; each is tried again.")
	descCommitted   = describe("committed_entries_total", "Entries in successful commits.")
	descJournal     = describe("journal_rows", "Commits that are durable but not sorted in yet.")
	descFolding     = describe("journal_ok", "1 if the journal could be sorted in when that was last tried.")
	descBytes       = describe("store_bytes", "What the store takes on disk.")
	descLookAge     = describe("look_age_seconds", "Age of the totals that lists, rates and events show.")
	descUpdates     = describe("updates_total", "Updates of the table by what they did to the totals.", "source", "effect")
	descSessions    = describe("sessions", "Open sessions.", "source")
	descSynced      = describe("resync_finished", "1 if the newest session has told everything it knows.", "source")
	descAge         = describe("last_message_age_seconds", "Time since the last message of a source; HAProxy beats every 3 s.", "source")
	descRestarts    = describe("restarts_total", "New processes of a source.", "source")
	descSources     = describe("sources", "Sources that were ever connected, those without a label of their own included.")
	descPlanned     = describe("plan_customers", "Customers that have a plan.")
	descDenied      = describe("denied_customers", "Customers that are denied for a limit.")
	descLines       = describe("drain_lines_total", "Answers that stopping processes logged, by what became of them.", "result")
	descFaults      = describe("drain_faults_total", "What reached the drain log and was not taken.", "fault")
	descLost        = describe("drain_lost_total", "Datagrams for which the kernel had no room.")
	descUnread      = describe("drain_unread_bytes", "What the kernel keeps of the drain log until it is read.")
	descUncounted   = describe("drain_uncounted_lines", "Lines of the drain log that were read and are not durable yet.")
	descUntaken     = describe("webhook_failing", "Messages that the webhook did not take yet, though it was asked to.")
	descOldest      = describe("webhook_oldest_seconds", "Age of the message that waits longest.")
	descDelivered   = describe("webhook_delivered_total", "Messages that the webhook took.")
	descFailed      = describe("webhook_failures_total", "Attempts to deliver a message that failed.")
)

// Describe tells nothing, since what there is depends on the tracker.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect reads the tracker. It never waits for a commit.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	a := c.api.Load()
	if a == nil {
		return
	}
	out := sink{to}
	out.gauge(descInfo, 1, a.cfg.Version, runtime.Version())
	out.gauge(descStored, truth(a.server.Stored()))
	out.gauge(descReady, truth(a.ready() == nil))
	failing := 0.0
	if since, err := a.server.StoreFailure(); err != nil {
		failing = time.Since(since).Seconds()
	}
	out.gauge(descFailing, failing)
	look := a.live.summary()
	out.counter(descTotal, look.total)
	out.gauge(descCustomers, float64(look.customers))
	out.statistics(a.server.Statistics())
	out.gauge(descLookAge, time.Since(look.at).Seconds())
	out.sources(a.server.Sources())
	if a.cfg.Limits != nil {
		c := a.census.of(a.cfg.Limits, time.Now())
		out.gauge(descPlanned, float64(c.planned))
		out.gauge(descDenied, float64(c.denied))
	}
	if a.cfg.Drain != nil {
		out.drain(a.cfg.Drain(), a.server.Statistics().Drained)
	}
	if a.cfg.Webhook != nil {
		out.webhook(a.cfg.Webhook())
	}
	if a.cfg.Journal != nil {
		out.journal(a.cfg.Journal())
	}
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// sink is where metrics go.
type sink struct{ to chan<- prometheus.Metric }

func (s sink) gauge(d *prometheus.Desc, value float64, labels ...string) {
	s.to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

func (s sink) counter(d *prometheus.Desc, value uint64, labels ...string) {
	s.to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
}

func (s sink) statistics(st tracker.Statistics) {
	s.gauge(descEntries, float64(st.Entries))
	s.gauge(descGenerations, float64(st.Books), "open")
	s.gauge(descGenerations, float64(st.Closed), "closed")
	s.gauge(descMemory, float64(st.Memory))
	s.counter(descCommits, st.Commits.Commits)
	s.counter(descFailures, st.Commits.Failures)
	s.counter(descCommitted, st.Commits.Entries)
}

func (s sink) drain(d DrainLog, lines tracker.DrainTally) {
	for result, n := range lines {
		s.counter(descLines, n, [...]string{"counted", "repeated", "closed", "full"}[result])
	}
	s.counter(descFaults, d.Malformed, "malformed")
	s.counter(descFaults, d.TurnedAway, "turned_away")
	s.counter(descLost, d.Lost)
	s.gauge(descUnread, float64(d.Bytes))
	s.gauge(descUncounted, float64(d.Lines))
}

func (s sink) webhook(st Webhook) {
	s.gauge(descUntaken, float64(st.Failing))
	oldest := 0.0
	if !st.Oldest.IsZero() {
		oldest = time.Since(st.Oldest).Seconds()
	}
	s.gauge(descOldest, oldest)
	s.counter(descDelivered, st.Delivered)
	s.counter(descFailed, st.Failed)
}

func (s sink) journal(j Journal) {
	s.gauge(descJournal, float64(j.Rows))
	s.gauge(descFolding, truth(j.FoldErr == nil))
	if j.Bytes >= 0 {
		s.gauge(descBytes, float64(j.Bytes))
	}
}

// sources tells about the first sources by name, and what the others add up to.
func (s sink) sources(states []tracker.SourceState) {
	s.gauge(descSources, float64(len(states)))
	named := states[:min(len(states), maxLabels)]
	now := time.Now()
	for _, state := range named {
		s.gauge(descSessions, float64(state.Sessions), state.Name)
		s.gauge(descSynced, truth(state.Sessions > 0 && state.Resync == resyncFinished), state.Name)
		if seconds := age(state, now); seconds != nil {
			s.gauge(descAge, *seconds, state.Name)
		}
		s.counter(descRestarts, state.Restarts, state.Name)
		s.effects(state.Name, state.Effects)
	}
	if len(named) == len(states) {
		return
	}
	var others tracker.Tally
	var restarts uint64
	sessions := 0
	for _, state := range states[len(named):] {
		sessions += state.Sessions
		restarts += state.Restarts
		for effect, n := range state.Effects {
			others[effect] += n
		}
	}
	const other = "(other)"
	s.gauge(descSessions, float64(sessions), other)
	s.counter(descRestarts, restarts, other)
	s.effects(other, others)
}

func (s sink) effects(source string, t tracker.Tally) {
	for effect, n := range t {
		s.counter(descUpdates, n, source, tracker.Effect(effect).String())
	}
}

// resyncFinished is the state of a source that has told everything.
const resyncFinished = "finished"
