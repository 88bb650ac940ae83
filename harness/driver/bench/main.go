// Command bench measures the drivers against wrk, h2load, vegeta and fasthttp on
// one warm HAProxy, and prints a Markdown table of goals that are met or missed.
// `make bench-driver` runs it.
//
// HAProxy has one core and each client in turn another. Requests and handshakes
// are HAProxy's own counts, CPU time is what the kernel charged the client's
// process from exec to exit (wait4), its start included: for ours as for rivals.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/haproof/haproof/harness/goals"
)

// bench is one run of all parts.
type bench struct {
	table   goals.Table
	part    string // that runs
	plan    plan
	dir     string // for HAProxy's files, removed at the end
	self    string // this program, which is also our clients
	rival   string // program of package rival, or empty
	on      cores
	profile string // file for a profile of the wire client, or empty
	server  *proxy
}

// cores are where the server and the clients run.
type cores struct{ server, client string }

// part is one thing that is measured, under the name that -only takes.
type part struct {
	name string
	run  func(*bench, context.Context) error
}

var parts = []part{
	{"closed", (*bench).closed},
	{"garbage", (*bench).garbage},
	{"open", (*bench).open},
	{"frozen", (*bench).frozen},
	{"tls", (*bench).tls},
	{"handshake", (*bench).handshake},
	{"hosts", (*bench).hosts},
	{"hour", (*bench).hour},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := func() error {
		if len(os.Args) == 3 && os.Args[1] == childWord {
			return child(ctx, os.Args[2])
		}
		if len(os.Args) == 2 && os.Args[1] == receiveWord {
			return receive(ctx)
		}
		return run(ctx)
	}()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	b := &bench{table: goals.Table{Out: os.Stdout}}
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	var quick, hour bool
	var only, file string
	flag.BoolVar(&quick, "quick", false, "about a minute instead of six, for a first look")
	flag.BoolVar(&hour, "hour", false, "play all attempts of an hour at 50,000/s in the part hour: half an hour")
	flag.StringVar(&only, "only", strings.Join(names, ","), "`parts` to run, with commas between")
	flag.StringVar(&file, "json", "", "`file` for the results as JSON")
	flag.StringVar(&b.rival, "rival", "", "`program` of package rival; empty leaves out vegeta by itself and fasthttp")
	flag.StringVar(&b.profile, "profile", "", "`file` for a CPU profile of the wire client in a closed loop, taken apart from what is measured")
	flag.StringVar(&b.on.server, "server", "0", "`core` of HAProxy")
	flag.StringVar(&b.on.client, "client", "1", "`core` of the client")
	flag.Parse()
	wanted := strings.Split(only, ",")
	for _, w := range wanted {
		if !slices.Contains(names, w) {
			return fmt.Errorf("-only: no part %q, want some of %s", w, strings.Join(names, ","))
		}
	}
	if b.plan = planOf(quick, hour); b.on.server == b.on.client {
		return errors.New("-server, -client: want two cores")
	}
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "bench-driver-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	return b.measure(ctx, wanted, file)
}

// measure runs the wanted parts on one server. What was measured before a part
// failed is written all the same.
func (b *bench) measure(ctx context.Context, wanted []string, file string) (err error) {
	machine := goals.ThisMachine()
	raiseLimit()
	if b.server, err = b.startProxy(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.server.stop()) }()
	fmt.Fprintf(b.table.Out, "%v; HAProxy %s\n\n", machine, b.server.version)
	b.table.Head()
	var errs []error
	for _, p := range parts {
		if slices.Contains(wanted, p.name) && ctx.Err() == nil {
			b.part = p.name
			errs = append(errs, named(p.name, p.run(b, ctx)))
		}
	}
	if b.profile != "" && ctx.Err() == nil {
		errs = append(errs, named("profile", b.takeProfile(ctx)))
	}
	load := goals.Load()
	fmt.Fprintf(b.table.Out, "\nLoad average at the end: %s\n", load)
	if file != "" {
		errs = append(errs, write(file, document{Machine: machine, LoadEnd: load, HAProxy: b.server.version, Plan: b.plan, Results: b.table.Results}))
	}
	return errors.Join(append(errs, ctx.Err())...)
}

func named(part string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", part, err)
}

// row writes one row of the part that runs.
func (b *bench) row(r goals.Result) {
	r.Part = b.part
	b.table.Row(r)
}

// document is what -json writes.
type document struct {
	Machine goals.Machine  `json:"machine"`
	LoadEnd string         `json:"loadAtEnd"`
	HAProxy string         `json:"haproxy"`
	Plan    plan           `json:"plan"`
	Results []goals.Result `json:"results"`
}

func write(file string, d document) error {
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
