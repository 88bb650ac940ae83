package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/haproof/haproof/containers"
	"github.com/haproof/haproof/harness/matrix"
	"github.com/haproof/haproof/scenarios"
)

// matrixOptions are the flags of matrix.
type matrixOptions struct {
	engine   string
	versions []string
	parallel int
	only     string
	short    bool
	seed     *uint64
	resume   string
	out      string
}

func (a *app) matrix() *cobra.Command {
	var o matrixOptions
	var seed uint64
	cmd := &cobra.Command{
		Use:   "matrix [flags]",
		Short: "Play every fault on every version, and say what was lost or charged twice",
		Long: `matrix plays the scenarios that "haproof list faults" names: each fault with each
style of keys on each version of HAProxy, several labs at a time. Every cell leaves
a record and every fault a report, as run writes them; the table of all says what the
tracker lost and charged twice, and how to play each cell again.

What cannot be played here is a row that says why, and is never a pass. An interrupt
keeps what is finished; --resume goes on with it, also after the matrix was killed. It
plays again what was cut short and what has changed since; where only the checks have,
the record is judged anew.
` + exitCodes,
		Example: `  haproof matrix --short
  haproof matrix --engine docker --versions 2.6,3.4 --only '^reload'
  haproof matrix --resume out/20261121T084500Z-matrix`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.parallel < 1 {
				return fmt.Errorf("--parallel %d: want 1 or more", o.parallel)
			}
			if cmd.Flags().Changed("seed") {
				o.seed = &seed
			}
			return a.playMatrix(o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.engine, "engine", containers.EngineAuto, "what runs the nodes: auto, docker or process")
	flags.StringSliceVar(&o.versions, "versions", nil, "versions of HAProxy (default: all that the engine has)")
	flags.IntVar(&o.parallel, "parallel", runtime.NumCPU()+1, "labs at a time: most of a cell is waiting")
	flags.StringVar(&o.only, "only", "", "play the faults whose name matches this regular expression")
	flags.BoolVar(&o.short, "short", false, "play a few telling faults, in some minutes")
	flags.Uint64Var(&seed, "seed", 0, seedUsage)
	flags.StringVar(&o.resume, "resume", "", "go on with the matrix in this directory; it knows what it plays")
	flags.StringVar(&o.out, "out", "out", "directory for runs")
	cmd.MarkFlagsMutuallyExclusive("resume", "out")
	for _, flag := range []string{"engine", "versions", "only", "short", "seed"} {
		cmd.MarkFlagsMutuallyExclusive("resume", flag)
	}
	return cmd
}

// shortFaults are the faults of a short matrix: each way in which a count can go
// wrong once.
var shortFaults = []string{
	"reload-once", "haproxy-kill", "haproxy-drain-start", "tracker-kill", "network-cut",
	"network-half-open", "web-break", "client-abort-headers", "table-full", "counter-wrap",
}

// faults names the scenarios that the flags ask for.
func (o *matrixOptions) faults() ([]string, error) {
	names := shippedIn(scenarios.Faults)
	if o.short {
		names = shortFaults
	}
	if o.only == "" {
		return names, nil
	}
	pattern, err := regexp.Compile(o.only)
	if err != nil {
		return nil, fmt.Errorf("--only: %w", err)
	}
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !pattern.MatchString(name) })
	if len(names) == 0 {
		return nil, fmt.Errorf("--only %s: no fault has such a name; haproof list faults names all", o.only)
	}
	return names, nil
}

// playMatrix finds out what is to be played, and where, before anything is started.
func (a *app) playMatrix(o matrixOptions) error {
	soft, hard, stop := interrupts(a.log.Logger)
	defer stop()
	m := &matrixSession{app: a, soft: soft, hard: hard, parallel: o.parallel}
	var err error
	if o.resume != "" {
		m.dir = filepath.Clean(o.resume)
		if m.table, err = matrix.Read(filepath.Join(m.dir, matrix.File)); err != nil {
			return fmt.Errorf("--resume: %w", err)
		}
	} else if err = m.begin(o); err != nil {
		return orInterrupted(soft, err)
	}
	if err = m.load(); err != nil {
		return orInterrupted(soft, err)
	}
	return orInterrupted(soft, m.play())
}

// begin makes the directory of a new matrix, and notes there what it plays.
func (m *matrixSession) begin(o matrixOptions) error {
	plan, err := m.plan(o)
	if err != nil {
		return err
	}
	if err := writable(o.out); err != nil {
		return err
	}
	began := time.Now()
	if m.dir, err = newRunDir(o.out, began.UTC().Format(runStamp)+"-matrix"); err != nil {
		return err
	}
	where := environment(plan.Engine, "")
	m.table = matrix.Table{
		Began: began.Round(time.Second).UTC(), Haproof: where.Haproof, OS: where.OS,
		CPUModel: where.CPUModel, Cores: where.Cores, Plan: plan,
	}
	if err := pointLatest(o.out, filepath.Base(m.dir)); err != nil {
		m.log.Warn("out/latest is not up to date", "error", err)
	}
	return m.write()
}

func (m *matrixSession) plan(o matrixOptions) (matrix.Plan, error) {
	engine, why, err := containers.Choose(m.soft, o.engine)
	if err != nil {
		return matrix.Plan{}, err
	}
	m.log.Info("engine chosen", "engine", engine, "because", why)
	faults, err := o.faults()
	if err != nil {
		return matrix.Plan{}, err
	}
	versions := o.versions
	if len(versions) == 0 {
		versions = containers.HAProxyVersions()
	}
	if engine == "process" && len(o.versions) == 0 {
		version, err := containers.Installed(m.soft, versions, containers.Options{})
		if err != nil {
			return matrix.Plan{}, err
		}
		versions = []string{version}
	}
	return matrix.Plan{Engine: engine, Versions: versions, Faults: faults, Seed: o.seed}, nil
}
