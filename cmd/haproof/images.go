package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/haproof/haproof/containers"
)

func (a *app) images() *cobra.Command {
	var build, ifDocker bool
	cmd := &cobra.Command{
		Use:   "images",
		Short: "List or build the container images of the docker engine",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			soft, _, stop := interrupts(a.log.Logger)
			defer stop()
			return orInterrupted(soft, a.manageImages(soft, build, ifDocker))
		},
	}
	cmd.Flags().BoolVar(&build, "build", false, "build the images that are missing or stale")
	cmd.Flags().BoolVar(&ifDocker, "if-docker", false, "do nothing where no Docker daemon answers")
	return cmd
}

func (a *app) manageImages(ctx context.Context, build, ifDocker bool) error {
	images, err := containers.ListImages(ctx)
	var lacking *containers.EnvironmentError
	if ifDocker && errors.As(err, &lacking) {
		a.log.Info("no images", "because", err)
		return nil
	}
	if err != nil {
		return err
	}
	if build {
		say := func(line string) { a.log.Info(line) }
		if err := containers.EnsureImages(ctx, containers.ImageNames(), containers.ImageOptions{Progress: say}); err != nil {
			return err
		}
		if images, err = containers.ListImages(ctx); err != nil {
			return err
		}
	}
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "IMAGE\tDEBIAN\tSTATE")
	for _, image := range images {
		fmt.Fprintf(table, "%s\t%s\t%s\n", image.Name, image.Suite, image.State())
	}
	return table.Flush()
}
