package harness

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// The tables below are all that may stand in a scenario file.

var scenarioFields = []field[Scenario]{
	{"question", func(d *decoder, v value, sc *Scenario) { d.text(v, &sc.Question) }},
	{"topology", func(d *decoder, v value, sc *Scenario) { d.topology(v, &sc.Topology) }},
	{"workload", func(d *decoder, v value, sc *Scenario) { d.workload(v, &sc.Workload) }},
	{"axes", func(d *decoder, v value, sc *Scenario) { d.axes(v, &sc.Axes) }},
	{"faults", func(d *decoder, v value, sc *Scenario) { d.faults(v, &sc.Faults) }},
	{"chaos", func(d *decoder, v value, sc *Scenario) { d.chaos(v, &sc.Chaos) }},
	{"trials", func(d *decoder, v value, sc *Scenario) { d.integer(v, &sc.Trials) }},
	{"checks", func(d *decoder, v value, sc *Scenario) { d.checks(v, &sc.Checks) }},
}

var tierFields = []field[Tier]{
	{"kind", func(d *decoder, v value, t *Tier) { d.name(v, "kind", d.doc.vocab.Kinds, &t.Kind) }},
	{"count", func(d *decoder, v value, t *Tier) { d.integer(v, &t.Count) }},
	{"cpus", func(d *decoder, v value, t *Tier) { d.float(v, &t.CPUs) }},
	{"threads", func(d *decoder, v value, t *Tier) { d.integer(v, &t.Threads) }},
	{"version", func(d *decoder, v value, t *Tier) { d.text(v, &t.Version) }},
	{"binary", func(d *decoder, v value, t *Tier) { d.text(v, &t.Binary) }},
	{"args", func(d *decoder, v value, t *Tier) { d.texts(v, &t.Args) }},
	{"state", func(d *decoder, v value, t *Tier) { d.name(v, "state", trackerStates, (*string)(&t.State)) }},
	{"limits", func(d *decoder, v value, t *Tier) { d.limits(v, &t.Limits) }},
	{"keys", func(d *decoder, v value, t *Tier) {
		d.name(v, "style", []string{string(KeysExact), string(KeysPlain)}, (*string)(&t.Keys))
	}},
	{"table", func(d *decoder, v value, t *Tier) { d.table(v, &t.Table) }},
	{"retry", func(d *decoder, v value, t *Tier) { d.boolean(v, &t.Retry) }},
}

var tableFields = []field[Table]{
	{"size", func(d *decoder, v value, t *Table) { d.integer(v, &t.Size) }},
	{"length", func(d *decoder, v value, t *Table) { d.integer(v, &t.Length) }},
	{"expire", func(d *decoder, v value, t *Table) { d.duration(v, &t.Expire) }},
	{"nopurge", func(d *decoder, v value, t *Table) { d.boolean(v, &t.NoPurge) }},
	{"store", func(d *decoder, v value, t *Table) { d.text(v, &t.Store) }},
	{"busyslot", func(d *decoder, v value, t *Table) { d.boolean(v, &t.BusySlot) }},
	{"clearlocal", func(d *decoder, v value, t *Table) { d.boolean(v, &t.ClearLocal) }},
	{"peered", func(d *decoder, v value, t *Table) { d.boolean(v, &t.Peered) }},
}

var limitsFields = []field[Limits]{
	{"customers", func(d *decoder, v value, l *Limits) { d.integer(v, &l.Customers) }},
	{"total", func(d *decoder, v value, l *Limits) { d.unsigned(v, &l.Total) }},
	{"expire", func(d *decoder, v value, l *Limits) { d.duration(v, &l.Expire) }},
}

var workloadFields = []field[Workload]{
	{"driver", func(d *decoder, v value, w *Workload) { d.name(v, "driver", d.doc.vocab.Drivers, &w.Driver) }},
	{"profile", func(d *decoder, v value, w *Workload) { d.name(v, "profile", d.doc.vocab.Profiles, &w.Profile) }},
	{"routes", func(d *decoder, v value, w *Workload) { d.routes(v, &w.Routes) }},
	{"rate", func(d *decoder, v value, w *Workload) { d.rate(v, &w.Rate) }},
	{"requests", func(d *decoder, v value, w *Workload) { d.unsigned(v, &w.Requests) }},
	{"duration", func(d *decoder, v value, w *Workload) { d.duration(v, &w.Duration) }},
	{"shape", func(d *decoder, v value, w *Workload) { d.shape(v, &w.Shape) }},
	{"arrivals", func(d *decoder, v value, w *Workload) {
		d.name(v, "kind of arrivals", []string{ArrivalsRegular, ArrivalsPoisson, ArrivalsWindows}, &w.Arrivals)
	}},
	{"window", func(d *decoder, v value, w *Workload) { d.duration(v, &w.Window) }},
	{"customers", func(d *decoder, v value, w *Workload) { d.integer(v, &w.Customers) }},
	{"prefix", func(d *decoder, v value, w *Workload) { d.text(v, &w.Prefix) }},
	{"hosts", func(d *decoder, v value, w *Workload) { d.integer(v, &w.Hosts) }},
	{"dynamic", func(d *decoder, v value, w *Workload) { d.share(v, &w.Dynamic) }},
	{"tls", func(d *decoder, v value, w *Workload) { d.share(v, &w.TLS) }},
	{"work", func(d *decoder, v value, w *Workload) { d.duration(v, &w.Work) }},
	{"timeout", func(d *decoder, v value, w *Workload) { d.duration(v, &w.Timeout) }},
	{"connections", func(d *decoder, v value, w *Workload) { d.integer(v, &w.Connections) }},
	{"connect", func(d *decoder, v value, w *Workload) { d.connect(v, &w.Connect) }},
	{"protocol", func(d *decoder, v value, w *Workload) {
		d.name(v, "protocol", []string{ProtocolHTTP1, ProtocolHTTP2}, &w.Protocol)
	}},
	{"users", func(d *decoder, v value, w *Workload) { d.users(v, &w.Users) }},
	{"softstart", func(d *decoder, v value, w *Workload) { d.duration(v, &w.SoftStart) }},
	{"route", func(d *decoder, v value, w *Workload) {
		d.name(v, "route", []string{string(RouteProxy), string(RouteDirect)}, (*string)(&w.Route))
	}},
	{"seed", func(d *decoder, v value, w *Workload) { d.unsigned(v, &w.Seed) }},
	{"abort", func(d *decoder, v value, w *Workload) { d.abort(v, &w.Abort) }},
	{"probe", func(d *decoder, v value, w *Workload) { d.duration(v, &w.Probe) }},
	{"search", func(d *decoder, v value, w *Workload) { d.search(v, &w.Search) }},
}

var abortFields = []field[Abort]{
	{"share", func(d *decoder, v value, a *Abort) { d.share(v, &a.Share) }},
	{"when", func(d *decoder, v value, a *Abort) {
		d.name(v, "moment", []string{string(AbortAsked), string(AbortHeaders), string(AbortBody)}, (*string)(&a.When))
	}},
}

var searchFields = []field[Search]{
	{"objective", func(d *decoder, v value, s *Search) { mapping(d, v, objectiveFields, &s.Objective) }},
	{"probe", func(d *decoder, v value, s *Search) { d.duration(v, &s.Probe) }},
	{"step", func(d *decoder, v value, s *Search) { d.duration(v, &s.Step) }},
	{"from", func(d *decoder, v value, s *Search) { d.float(v, &s.From) }},
	{"to", func(d *decoder, v value, s *Search) { d.float(v, &s.To) }},
	{"stairs", func(d *decoder, v value, s *Search) { d.integer(v, &s.Stairs) }},
}

var objectiveFields = []field[Objective]{
	{"quantile", func(d *decoder, v value, o *Objective) { d.float(v, &o.Quantile) }},
	{"latency", func(d *decoder, v value, o *Objective) { d.duration(v, &o.Latency) }},
	{"achieved", func(d *decoder, v value, o *Objective) { d.float(v, &o.Achieved) }},
}

// tierName is what may become part of host names and directory names.
var tierName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

func (d *decoder) topology(v value, into *Topology) {
	topology := Topology{}
	d.each(v, func(key *yaml.Node, child value) {
		if !tierName.MatchString(key.Value) {
			d.wrong(value{child.path, key}, fmt.Sprintf("%q is no name for a tier", key.Value),
				"use small letters, digits and hyphens, such as backend")
			return
		}
		tier := defaultTier
		mapping(d, child, tierFields, &tier)
		topology[key.Value] = tier
	})
	*into = topology
}

// workload fills in what depends on the profile after the fields are read.
func (d *decoder) workload(v value, into *Workload) {
	mapping(d, v, workloadFields, into)
	if d.places[v.below("driver", nil).path] == nil {
		into.Driver = DefaultDriver(d.doc.vocab.Drivers)
	}
	if d.places[v.below("dynamic", nil).path] == nil {
		into.Dynamic = defaultDynamic[into.Profile]
	}
	d.completeRoutes(v, into)
}

func (d *decoder) search(v value, into **Search) {
	search := defaultSearch
	mapping(d, v, searchFields, &search)
	*into = &search
}

func (d *decoder) abort(v value, into **Abort) {
	var abort Abort
	mapping(d, v, abortFields, &abort)
	*into = &abort
}

func (d *decoder) table(v value, into **Table) {
	var table Table
	mapping(d, v, tableFields, &table)
	*into = &table
}

func (d *decoder) limits(v value, into **Limits) {
	limits := defaultLimits
	mapping(d, v, limitsFields, &limits)
	*into = &limits
}

// axes keeps the order of the file. That the paths exist is seen when the axes
// are applied.
func (d *decoder) axes(v value, into *[]Axis) {
	var axes []Axis
	d.each(v, func(key *yaml.Node, child value) {
		axis := Axis{Path: key.Value}
		d.texts(child, &axis.Values)
		if child.node.Kind == yaml.SequenceNode && len(axis.Values) == 0 {
			d.wrong(child, fmt.Sprintf("axis %s has no values", axis.Path), "list at least one, such as [1, 2, 4]")
		}
		seen := map[string]bool{}
		for i, text := range axis.Values {
			if seen[text] {
				d.wrong(value{child.path, child.node.Content[i]},
					fmt.Sprintf("axis %s has the value %s twice", axis.Path, text), "")
			}
			seen[text] = true
		}
		axes = append(axes, axis)
	})
	*into = axes
}

// checks decodes a list of names, or of mappings from a name to its options.
func (d *decoder) checks(v value, into *[]CheckSpec) {
	if !d.is(v, yaml.SequenceNode) {
		return
	}
	seen := map[string]bool{}
	for i, n := range v.node.Content {
		var spec CheckSpec
		item := value{fmt.Sprintf("%s.%d", v.path, i), n}
		d.check(item, &spec)
		if seen[spec.Name] && spec.Name != "" {
			d.wrong(item, fmt.Sprintf("check %s stands here twice", spec.Name), "keep one of them")
		}
		seen[spec.Name] = true
		*into = append(*into, spec)
	}
}

func (d *decoder) check(v value, into *CheckSpec) {
	known := d.doc.vocab.Checks
	if v.node.Kind != yaml.MappingNode {
		d.name(v, "check", known, &into.Name)
		return
	}
	if len(v.node.Content) != 2 {
		d.wrong(v, "a check is a name, or one name with its options", "write - name: {option: value}")
		return
	}
	d.each(v, func(key *yaml.Node, child value) {
		d.name(value{child.path, key}, "check", known, &into.Name)
		into.Options = map[string]string{}
		d.each(child, func(key *yaml.Node, option value) {
			var text string
			d.text(option, &text)
			into.Options[key.Value] = text
		})
		d.options(child, *into)
	})
}

// options asks the caller's vocabulary about a check's options.
func (d *decoder) options(v value, spec CheckSpec) {
	if spec.Name == "" || d.doc.vocab.Options == nil {
		return
	}
	if err := d.doc.vocab.Options(spec); err != nil {
		text := strings.TrimPrefix(err.Error(), "check "+spec.Name+": ")
		d.wrong(v, spec.Name+": "+strings.ReplaceAll(text, "\n", "; "), "")
	}
}
