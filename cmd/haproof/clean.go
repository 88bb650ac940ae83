package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/haproof/haproof/containers"
)

func (a *app) clean() *cobra.Command {
	return &cobra.Command{
		Use:   "clean",
		Short: "Remove what killed runs left running",
		Long:  "clean removes processes, containers and networks of runs that were killed, and\nnames them. Runs that are alive are left alone; results are kept.",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			soft, _, stop := interrupts(a.log.Logger)
			defer stop()
			removed, err := containers.Clean(soft)
			for _, what := range removed {
				_, printErr := fmt.Fprintln(a.stdout, what)
				err = errors.Join(err, printErr)
			}
			return orInterrupted(soft, err)
		},
	}
}
