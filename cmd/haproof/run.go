package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// runOptions are the flags of run.
type runOptions struct {
	engine  string
	haproxy string
	out     string
	sets    []string
	trials  int
	seed    *uint64 // nil means the scenario's own
}

func (a *app) run() *cobra.Command {
	var o runOptions
	var seed uint64
	cmd := &cobra.Command{
		Use:   "run [flags] SCENARIO|FILE…",
		Short: "Play scenarios, judge what happened and write reports",
		Long: `run brings up what each scenario describes, drives it, takes testimony, judges
the records and writes reports. A scenario is named as list names it; a word with
a slash or the ending .yaml is a file. With several, each has its own verdict.

The first interrupt (Ctrl-C, SIGTERM or a hang-up) stops sending and keeps what was seen; a
second one takes everything down at once.
` + exitCodes,
		Example: `  haproof run quota-exact
  haproof run --engine process --haproxy installed ads dynamic
  haproof run --set topology.backend.count=2 --set workload.rate=500/s ./mine.yaml
  haproof run --set workload.requests= --set workload.duration=10s quota-exact`,
		Args: cobra.MinimumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return shipped(), cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("trials") && o.trials < 1 {
				return fmt.Errorf("--trials %d: want 1 or more", o.trials)
			}
			if cmd.Flags().Changed("seed") {
				o.seed = &seed
			}
			return a.play(args, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.engine, "engine", "auto", "what runs the nodes: auto, docker or process")
	flags.StringVar(&o.haproxy, "haproxy", "", "HAProxy version: 2.6, 3.0, 3.2, 3.4 or installed (default: the engine's own)")
	flags.StringVar(&o.out, "out", "out", "directory for runs")
	flags.StringArrayVar(&o.sets, "set", nil, "change a field, path=value; may be repeated; an empty value takes it out")
	flags.IntVar(&o.trials, "trials", 0, "repetitions of each cell (default: the scenario's)")
	flags.Uint64Var(&seed, "seed", 0, seedUsage)
	return cmd
}

const seedUsage = "same seed, same attempts and same faults by chance (default: the scenario's)"

// settings parses --set, --trials and --seed.
func (o *runOptions) settings() ([]setting, error) {
	var settings []setting
	for _, s := range o.sets {
		path, value, ok := strings.Cut(s, "=")
		if !ok {
			return nil, fmt.Errorf("--set %s: want path=value, such as topology.backend.count=2", s)
		}
		settings = append(settings, setting{path, value})
	}
	if o.trials > 0 {
		settings = append(settings, setting{"trials", fmt.Sprint(o.trials)})
	}
	if o.seed != nil {
		settings = append(settings, setting{"workload.seed", fmt.Sprint(*o.seed)})
	}
	return settings, nil
}

// play runs everything that can be wrong before anything is started: scenarios,
// the directory for results, the engine. Then it plays.
func (a *app) play(args []string, o runOptions) error {
	settings, err := o.settings()
	if err != nil {
		return err
	}
	questions, err := loadAll(args, settings)
	if err != nil {
		return err
	}
	if err := writable(o.out); err != nil {
		return err
	}
	soft, hard, stop := interrupts(a.log.Logger)
	defer stop()
	s := &session{app: a, options: o, soft: soft, hard: hard, questions: questions, began: time.Now()}
	if err := s.prepare(); err != nil {
		return orInterrupted(s.soft, err)
	}
	return s.playAll()
}
