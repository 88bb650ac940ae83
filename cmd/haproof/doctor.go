package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/haproof/haproof/containers"
)

func (a *app) doctor() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what this machine can run, and what would mend the rest",
		Long: `doctor looks for what the engines need. The exit code is 0 if at least one engine
can run a lab, else 3.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			soft, _, stop := interrupts(a.log.Logger)
			defer stop()
			facts := containers.Diagnose(soft)
			if err := a.printFacts(facts, asJSON); err != nil {
				return err
			}
			return orInterrupted(soft, ableTo(facts))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the facts as JSON")
	return cmd
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
