package daemon

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/haproof/haproof/harness/tracker"
	"github.com/haproof/haproof/harness/tracker/store"
)

// export writes usage by customer and hour, for billing.
func (c Command) export(ctx context.Context, args []string, stderr io.Writer) error {
	f := newFlags(c.Name + " export")
	f.declareStore()
	from, to := tracker.Hour(0), tracker.LastHour
	format := "csv"
	f.set.Func("from", "first `time`: 2026-11-01, or 2026-11-01T08:00:00Z; whole hours of UTC (default the beginning; hours that are no longer kept one by one are an error)", hourInto(&from))
	f.set.Func("to", "first `time` that does not count any more, likewise (default the end)", hourInto(&to))
	f.set.Func("format", "`format`: csv or json, one object per line (default csv)", func(value string) error {
		format = value
		if value != "csv" && value != "json" {
			return errors.New("want csv or json")
		}
		return nil
	})
	reader, err := c.reader(ctx, f, args, stderr)
	if err != nil {
		return err
	}
	if from >= to {
		return errors.Join(usageError{errors.New("-from must be before -to")}, reader.Close())
	}
	out := bufio.NewWriterSize(c.Stdout, 64<<10)
	rows := map[string]func(io.Writer) (func(store.Usage) error, func() error){"csv": csvRows, "json": jsonRows}[format]
	write, finish := rows(out)
	err = reader.Export(ctx, from, to, write)
	return errors.Join(err, finish(), out.Flush(), reader.Close())
}

// reader parses args and opens the store that they name.
func (c Command) reader(ctx context.Context, f *flags, args []string, stderr io.Writer) (*store.Reader, error) {
	if err := f.parse(args, stderr); err != nil {
		return nil, usageError{err}
	}
	env := ReadEnvironment()
	s, err := f.settings(env)
	if err != nil {
		return nil, usageError{err}
	}
	if s.Store.URL == storeNone {
		return nil, usageError{errors.New("-store none: there is nothing to read")}
	}
	return store.OpenReader(ctx, s.Store.URL, s.Store.URL == env.Store)
}

// hourInto reads a day or a time at a whole hour.
func hourInto(h *tracker.Hour) func(string) error {
	return func(text string) error {
		t, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t, err = time.Parse(time.RFC3339, text)
		}
		if err != nil {
			return errors.New("want a day such as 2026-11-01, or a time such as 2026-11-01T08:00:00Z")
		}
		if !t.Equal(t.Truncate(time.Hour)) {
			return errors.New("want a whole hour of UTC")
		}
		*h = tracker.HourOf(t)
		return nil
	}
}

func csvRows(out io.Writer) (write func(store.Usage) error, finish func() error) {
	w := csv.NewWriter(out)
	head := w.Write([]string{"customer", "hour", "count"})
	write = func(u store.Usage) error {
		return errors.Join(head, w.Write([]string{tracker.InText(u.Customer), u.Hour.Time().Format(time.RFC3339), strconv.FormatUint(u.N, 10)}))
	}
	return write, func() error { w.Flush(); return errors.Join(head, w.Error()) }
}

func jsonRows(out io.Writer) (write func(store.Usage) error, finish func() error) {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	write = func(u store.Usage) error {
		return encoder.Encode(struct {
			Customer string `json:"customer"`
			Hour     string `json:"hour"`
			Count    uint64 `json:"count"`
		}{tracker.InText(u.Customer), u.Hour.Time().Format(time.RFC3339), u.N})
	}
	return write, func() error { return nil }
}

// verify adds the stored totals up in two ways, and says whether they agree.
func (c Command) verify(ctx context.Context, args []string, stderr io.Writer) error {
	f := newFlags(c.Name + " verify")
	f.declareStore()
	reader, err := c.reader(ctx, f, args, stderr)
	if err != nil {
		return err
	}
	report, err := reader.Verify(ctx)
	if err := errors.Join(err, reader.Close()); err != nil {
		return err
	}
	fmt.Fprintf(c.Stdout, "%d customers, %d entries in %d books, %d batches committed, %d of them in the journal\n",
		report.Customers, report.Entries, report.Books, report.Batches, report.Unfolded)
	fmt.Fprintf(c.Stdout, "counted %d, of which by the hour or before %d\n", report.Counted, report.Used)
	for _, finding := range report.Findings {
		fmt.Fprintln(c.Stdout, finding)
	}
	if report.Failures > 0 {
		return fmt.Errorf("%d findings: %w", report.Failures, errDisagree)
	}
	fmt.Fprintln(c.Stdout, "every total is the sum of its parts")
	return nil
}
