package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func (a *app) list() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the scenarios that come with haproof, and what they ask",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return a.printScenarios() },
	}
}

func (a *app) printScenarios() error {
	questions, err := loadAll(shipped(), nil)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SCENARIO\tCELLS\tTRIALS\tQUESTION")
	for _, q := range questions {
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\n", q.scenario.Name, len(q.cells), q.scenario.Trials, q.scenario.Question)
	}
	return table.Flush()
}
