package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/haproof/haproof/scenarios"
)

func (a *app) list() *cobra.Command {
	return &cobra.Command{
		Use:   "list [faults|regression]",
		Short: "List the scenarios that come with haproof, and what they ask",
		Long: `list names the scenarios that come with haproof, and what they ask. Those with a
fault each, which the matrix plays, and those of known defects of HAProxy have lists
of their own. All are run by their name.`,
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{scenarios.Faults, scenarios.Regression},
		RunE: func(_ *cobra.Command, args []string) error {
			return a.printScenarios(append(args, ".")[0])
		},
	}
}

func (a *app) printScenarios(folder string) error {
	questions, err := loadAll(shippedIn(folder), nil)
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
