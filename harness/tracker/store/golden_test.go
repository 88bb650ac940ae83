package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

var update = flag.Bool("update", false, "write the golden store again")

const goldenStore = "testdata/v1.json"

// goldenBatches are in the golden store: the first is folded, the fold of the second
// was cut short, the third is in the journal.
func goldenBatches() []*tracker.Batch {
	hour := tracker.HourOf(firstDay)
	return []*tracker.Batch{
		{
			At: firstDay, Customers: []string{"acme", "50% \xff"},
			Books:    []tracker.BookState{{ID: 0, Source: "edge1", Table: "quota", Generation: "1772359200000", Live: true, Touched: firstDay}},
			Entries:  []tracker.EntryState{{Book: 0, Customer: 1, Base: 1 << 33, Last: 1}, {Book: 0, Customer: 0, Last: 300}},
			Growth:   []tracker.Growth{{Customer: 1, Hour: hour, N: 1<<33 + 1}, {Customer: 0, Hour: hour - 30, N: 300}},
			Drained:  []tracker.DrainMark{{Source: "edge1", Generation: "1772359200000", Seq: 1<<64 - 1, At: firstDay}},
			Messages: []tracker.Message{{ID: "m1", Kind: "limit", Body: []byte(`{"a":1}`), Created: firstDay, Until: firstDay.Add(time.Hour)}},
		},
		{
			At: firstDay.Add(time.Second), FirstCustomer: 2, Customers: []string{"zeta"},
			Books:   []tracker.BookState{{ID: 1, Source: "edge2", Table: "quota", Generation: "g", Kind: tracker.BookTable, Touched: firstDay}},
			Entries: []tracker.EntryState{{Book: 1, Customer: 2, Last: 1 << 31}, {Book: 0, Customer: 0, Last: 301}},
			Growth:  []tracker.Growth{{Customer: 2, Hour: hour, N: 1 << 31}, {Customer: 0, Hour: hour, N: 1}},
		},
		{
			At: firstDay.Add(2 * time.Second), FirstCustomer: 3,
			Books:   []tracker.BookState{{ID: 2, Source: "edge2", Table: "quota", Kind: tracker.BookRetired, Touched: firstDay}},
			Entries: []tracker.EntryState{{Book: 2, Customer: 2, Base: 1 << 31}},
			Dropped: []uint32{1},
			Drained: []tracker.DrainMark{{Source: "edge1", Generation: "1772359200000", Closed: true, At: firstDay.Add(2 * time.Second)}},
		},
	}
}

// dump is a store as JSON: rows by table and column, bytes as base64.
type dump map[string][]map[string]any

var goldenTables = []string{"meta", "progress", "journal", "customers", "names", "books", "marks", "entry_blocks", "usage_blocks", "usage", "usage_before", "messages"}

func TestStoreOfVersion1StaysReadable(t *testing.T) {
	if *update {
		writeGolden(t)
	}
	onBoth(t, func(t *testing.T, r rig) {
		url := r.url(t)
		restoreGolden(t, url)
		s := mustOpen(t, url, never)
		want := newModel()
		for _, b := range goldenBatches() {
			want.apply(b)
		}
		mustHold(t, s, want)
		if m, err := s.Messages(context.Background(), 10); err != nil || len(m) != 1 || string(m[0].Body) != `{"a":1}` {
			t.Errorf("messages %v, %v", m, err)
		}
		mustFold(t, s)
		mustHold(t, s, want)
		if report := mustVerify(t, url); report.Failures > 0 {
			t.Error(report.Findings)
		}
	})
}

// restoreGolden makes a store of version 1 with what is in the file.
func restoreGolden(t *testing.T, url string) {
	t.Helper()
	data, err := os.ReadFile(goldenStore)
	if err != nil {
		t.Fatal(err)
	}
	var d dump
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	e, err := newEngine(url, false, true)
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	conn, err := e.connect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer discard(conn)
	if err := migrate(context.Background(), e, conn, migrations[:1]); err != nil {
		t.Fatal(err)
	}
	for _, table := range goldenTables {
		if _, err := conn.ExecContext(context.Background(), "DELETE FROM "+table); err != nil {
			t.Fatal(err)
		}
		for _, row := range d[table] {
			insertGolden(t, conn, table, row)
		}
	}
}

func insertGolden(t *testing.T, conn *sql.Conn, table string, row map[string]any) {
	t.Helper()
	var columns, marks []string
	var args []any
	for name, v := range row {
		columns, marks = append(columns, name), append(marks, fmt.Sprintf("$%d", len(args)+1))
		switch v := v.(type) {
		case map[string]any:
			var b []byte
			if err := json.Unmarshal([]byte(`"`+v["bytes"].(string)+`"`), &b); err != nil {
				t.Fatal(err)
			}
			args = append(args, b)
		case string:
			if n, ok := strings.CutPrefix(v, "int:"); ok {
				var i int64
				fmt.Sscan(n, &i)
				args = append(args, i)
				continue
			}
			args = append(args, v)
		default:
			args = append(args, v)
		}
	}
	query := "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES (" + strings.Join(marks, ", ") + ")"
	if _, err := conn.ExecContext(context.Background(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// writeGolden must not be used again once version 1 is released.
func writeGolden(t *testing.T) {
	t.Helper()
	s, batches := mustOpen(t, filepath.Join(t.TempDir(), "v1.db"), never), goldenBatches()
	mustCommit(t, s, batches[0])
	mustFold(t, s)
	mustCommit(t, s, batches[1])
	steps := 0
	err := s.fold(context.Background(), func(ctx context.Context, f func(queryer) error) error {
		var target int64
		if err := s.engine.pool().QueryRow(`SELECT target FROM progress`).Scan(&target); err != nil || target > 0 {
			return errCut
		}
		steps++
		return s.step(ctx, f)
	})
	if !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	mustCommit(t, s, batches[2])
	d := make(dump)
	for _, table := range goldenTables {
		d[table] = dumpTable(t, s, table)
	}
	data, err := json.MarshalIndent(d, "", " ")
	if err == nil {
		err = os.WriteFile(goldenStore, append(data, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	crash(s)
}

func dumpTable(t *testing.T, s *Store, table string) (dumped []map[string]any) {
	t.Helper()
	rows, err := s.engine.pool().Query("SELECT * FROM " + table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, row := make([]any, len(columns)), make(map[string]any)
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		for i, name := range columns {
			switch v := (*values[i].(*any)).(type) {
			case []byte:
				row[name] = map[string]any{"bytes": v}
			case int64:
				row[name] = fmt.Sprintf("int:%d", v)
			default:
				row[name] = v
			}
		}
		dumped = append(dumped, row)
	}
	return dumped
}
