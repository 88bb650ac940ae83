package main

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/haproof/haproof/harness/matrix"
	"github.com/haproof/haproof/scenarios"
)

func (a *app) trackRecord() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "trackrecord [DIR…] -o FILE",
		Short: "Enter matrices into the track record",
		Long: `trackrecord takes the tables of the matrices in each DIR into the track record: rows
by version as JSON in a directory beside FILE, and FILE itself, which is written from
nothing but them. A row takes the place of the former one of its cell.`,
		Example: `  haproof trackrecord out/latest -o docs/TRACKRECORD.md`,
		RunE:    func(_ *cobra.Command, dirs []string) error { return enterAll(dirs, out) },
	}
	cmd.Flags().StringVarP(&out, "output", "o", "docs/TRACKRECORD.md", "the page to write; its rows are kept in a directory trackrecord beside it")
	return cmd
}

// enterAll adds the matrices to the record, then writes the page from all rows.
func enterAll(dirs []string, page string) error {
	rows := filepath.Join(filepath.Dir(page), "trackrecord")
	record, err := readTrackRecord(rows)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		table, err := matrix.Read(filepath.Join(dir, matrix.File))
		if err != nil {
			return err
		}
		record.Enter(table)
	}
	record.Forget(shippedIn(scenarios.Faults))
	if err := os.MkdirAll(rows, 0o755); err != nil {
		return err
	}
	for _, table := range record {
		if err := matrix.Write(filepath.Join(rows, table.Version()+".json"), table); err != nil {
			return err
		}
	}
	return os.WriteFile(page, []byte(record.Markdown(shippedIn(scenarios.Faults))), 0o644)
}

// readTrackRecord reads the rows of all versions; none if there is no record yet.
func readTrackRecord(dir string) (matrix.TrackRecord, error) {
	files, err := filepath.Glob(filepath.Join(escaped(dir), "*.json"))
	if err != nil {
		return nil, err
	}
	var record matrix.TrackRecord
	for _, file := range files {
		table, err := matrix.Read(file)
		if err != nil {
			return nil, err
		}
		record = append(record, table)
	}
	return record, nil
}
