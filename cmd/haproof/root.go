package main

import (
	"io"

	"github.com/spf13/cobra"
)

// app is what the subcommands share.
type app struct {
	stdout io.Writer // results
	stderr io.Writer // logs, progress, errors
	log    *logs
	ending ending
}

const exitCodes = `
Exit codes:
  0    every check passed
  1    a check failed
  2    a check could not tell (unknown), and none failed
  3    something could not be run, and no check failed
  130  interrupted
`

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "haproof",
		Short: "Load tests that prove what HAProxy, nginx/PHP and quota trackers did",
		Long: `haproof plays scenarios: each is one YAML file that asks one question of real
HAProxy, nginx/PHP and quota trackers under load. It answers with verdicts, and
keeps the records that they rest on.
` + exitCodes,
		Example: `  haproof list
  haproof run quota-exact
  haproof run --set topology.backend.count=2 --trials 1 throughput-by-backends`,
		Args:          cobra.NoArgs,
		SilenceErrors: true, // exit.go prints them
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	a.log.flags(root)
	root.AddCommand(a.list(), a.run(), a.matrix(), a.trackRecord(), a.check(), a.report(), a.images(), a.doctor(), a.drive(), a.receive(), a.clean(), a.version())
	return root
}
