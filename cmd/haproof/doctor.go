package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/haproof/haproof/containers"
)

func (a *app) doctor() *cobra.Command {
	var o configOptions
	cmd := &cobra.Command{
		Use:   "doctor [FILE|DIR…]",
		Short: "Say what is wrong with an haproxy.cfg, or what this machine can run",
		Long: `doctor FILE… reads a configuration of HAProxy, files and directories in order as
haproxy -f takes them, and names every trap in it that makes a tracker of quotas
count too much or too little: where it is, why it matters and what mends it.
HAProxy itself is asked too (haproxy -c), where there is one. All traps are in
docs/DOCTOR.md. The exit code is 0 if there is nothing worse than notes, 1 if
there are errors or warnings, 3 if the configuration could not be read.

Without arguments doctor looks for what the engines need. The exit code is 0 if
at least one engine can run a lab, else 3.`,
		Example: `  haproof doctor /etc/haproxy/haproxy.cfg
  haproof doctor --haproxy none --haproxy-version 3.2.4 --localpeer hap1 --json conf.d/`,
		RunE: func(_ *cobra.Command, args []string) error {
			soft, _, stop := interrupts(a.log.Logger)
			defer stop()
			if len(args) > 0 {
				return orInterrupted(soft, a.examine(soft, args, o))
			}
			return orInterrupted(soft, a.diagnose(soft, o.asJSON))
		},
	}
	o.flags(cmd)
	return cmd
}

// diagnose prints what this machine can run.
func (a *app) diagnose(ctx context.Context, asJSON bool) error {
	facts := containers.Diagnose(ctx)
	if err := a.printFacts(facts, asJSON); err != nil {
		return err
	}
	return ableTo(facts)
}

func (a *app) printFacts(facts []containers.Fact, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(a.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(facts)
	}
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SUBJECT\tSTATE\tDETAIL")
	for _, f := range facts {
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.Subject, f.State, f.Detail)
		if f.Mend != "" {
			fmt.Fprintf(table, "\t\tto mend: %s\n", f.Mend)
		}
	}
	return table.Flush()
}

// needs are the subjects of facts that each engine cannot do without.
var needs = map[string][]string{
	"docker":  {"docker", "quota-tracker"},
	"process": {"haproxy", "nginx", "php-fpm", "bash", "quota-tracker"},
}

// ableTo returns an error unless one engine has all that it needs.
func ableTo(facts []containers.Fact) error {
	missing := map[string]bool{}
	for _, f := range facts {
		missing[f.Subject] = f.State == containers.StateMissing
	}
	for _, subjects := range needs {
		if !slices.ContainsFunc(subjects, func(s string) bool { return missing[s] }) {
			return nil
		}
	}
	return errors.New("neither engine can run a lab here")
}
