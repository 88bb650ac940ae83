// Command bench measures the tracker and prints a Markdown table: how fast it
// decodes and counts, how fast counts become durable and visible, and what memory and
// start cost with ten million keys. `make bench-tracker` runs it.
package main

import (
	"context"
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
	dir     string // for stores, removed at the end
	rounds  int
	tracker string // program under test
	rival   string // other program, or empty
	pin     string // core of the tracker, or empty
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	b := &bench{table: goals.Table{Out: os.Stdout}}
	parts := map[string]func(context.Context) error{"decode": b.decode, "durable": b.durable, "visible": b.visible, "stored": b.stored}
	order := []string{"decode", "durable", "visible", "stored"}
	only := strings.Join(order, ",")
	flag.IntVar(&b.rounds, "rounds", 7, "how often each thing is measured")
	flag.StringVar(&b.tracker, "tracker", "bin/quota-tracker", "`program` under test")
	flag.StringVar(&b.rival, "rival", "", "`program` of package rival; empty leaves it out")
	flag.StringVar(&b.pin, "pin", "", "`core` on which the tracker runs alone, where that matters (taskset); empty for any")
	flag.StringVar(&only, "only", only, "`parts` to run")
	flag.StringVar(&b.dir, "dir", "", "`directory` for stores; a temporary one if empty")
	flag.Parse()
	if b.rounds < 1 {
		return errors.New("-rounds: want at least 1")
	}
	if b.dir, err = os.MkdirTemp(b.dir, "bench-tracker-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	fmt.Fprintf(b.table.Out, "%v\n\n", goals.ThisMachine())
	b.table.Head()
	for _, name := range order {
		if slices.Contains(strings.Split(only, ","), name) {
			if err := parts[name](ctx); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	fmt.Fprintf(b.table.Out, "\nLoad average at the end: %s\n", goals.Load())
	return nil
}
