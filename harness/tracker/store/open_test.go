package store

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

func mustFail(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with %q", err, want)
	}
}

func TestSecondTrackerIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		url := r.url(t)
		s := mustOpen(t, url, never)
		_, err := open(context.Background(), url, options, never)
		mustFail(t, err, "in use by another quota-tracker")
		mustFail(t, err, "pid")
		crash(s)
		mustOpen(t, url, never)
	})
}

func TestLinkToAStoreIsTheSameStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tracker.db")
	mustOpen(t, path, never)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	_, err := open(context.Background(), "sqlite://"+link, options, never)
	mustFail(t, err, "in use")
}

func TestStoreOfAnotherTableIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		url := r.url(t)
		crash(mustOpen(t, url, never))
		for _, o := range []Options{{Table: "other", Keys: options.Keys}, {Table: options.Table, Keys: "plain"}} {
			_, err := open(context.Background(), url, o, never)
			mustFail(t, err, "configure that, or take another store")
		}
		mustOpen(t, url, never)
	})
}

func TestStoreOfANewerVersionIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		url := r.url(t)
		s := mustOpen(t, url, never)
		tamper(t, s, `UPDATE meta SET value = '99' WHERE name = 'schema'`)
		crash(s)
		_, err := open(context.Background(), url, options, never)
		mustFail(t, err, "schema 99")
		_, err = OpenReader(context.Background(), url, false)
		mustFail(t, err, "schema 99")
	})
}

func TestMigrationsGoOnFromWhereTheStoreIs(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		ctx, url := context.Background(), r.url(t)
		s := mustOpen(t, url, never)
		conn := s.writer.conn
		steps := append([]migration(nil), migrations...)
		steps = append(steps,
			migration{both: []string{`CREATE TABLE later (id {id}, body {bytes})`, `INSERT INTO later (id) VALUES (7)`}},
			migration{both: []string{`UPDATE later SET id = id + 1`}},
			migration{both: []string{`UPDATE later SET id = id + 1`, `SELECT nonsense`}})
		if err := migrate(ctx, s.engine, conn, steps[:len(migrations)+1]); err != nil {
			t.Fatal(err)
		}
		mustFail(t, migrate(ctx, s.engine, conn, steps), "schema 3 to 4")
		var id int
		if err := conn.QueryRowContext(ctx, `SELECT id FROM later`).Scan(&id); err != nil || id != 8 {
			t.Errorf("id %d, %v: want 8, each step once and the failing one undone", id, err)
		}
		if v, err := schemaVersion(ctx, s.engine, conn); err != nil || v != 3 {
			t.Errorf("schema %d, %v, want 3", v, err)
		}
	})
}

func TestTableOfAnotherProgramIsNotOurs(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		url := r.url(t)
		s := mustOpen(t, url, never)
		tamper(t, s, `DELETE FROM meta WHERE name = 'schema'`)
		crash(s)
		_, err := open(context.Background(), url, options, never)
		mustFail(t, err, "not that of a quota-tracker")
	})
}

func TestAddressesThatAreNoStore(t *testing.T) {
	for address, want := range map[string]string{
		"":                                        "want a path",
		"mysql://host/db":                         "want a path",
		"sqlite://relative":                       "want a path",
		"/nowhere/at/all/tracker.db":              "no such file or directory",
		"postgres://u:secret@h/d":                 "PGPASSWORD",
		"postgres://u@h/d?password=secret":        "PGPASSWORD",
		"postgres://u:secret@h:x/d":               "malformed",
		"postgres://u:secret@127.0.0.1:1/d?x=%zz": "PGPASSWORD",
	} {
		_, err := Open(context.Background(), address, options)
		mustFail(t, err, want)
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error tells the password: %v", address, err)
		}
	}
	_, err := Open(context.Background(), "postgres://u:secret@127.0.0.1:1/d", Options{Table: "t", Keys: "k", SecretURL: true})
	mustFail(t, err, "connect")
	if err != nil && strings.Contains(err.Error(), "secret") {
		t.Errorf("the error tells the password: %v", err)
	}
	_, err = Open(context.Background(), filepath.Join(t.TempDir(), "x"), Options{Table: "t", Keys: "k", Retention: -time.Hour})
	mustFail(t, err, "retention")
	_, err = OpenReader(context.Background(), filepath.Join(t.TempDir(), "x"), false)
	mustFail(t, err, "no such file")
}

func TestFileThatIsNoDatabaseIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes.txt")
	notes := strings.Repeat("these are my notes\n", 1000)
	if err := os.WriteFile(path, []byte(notes), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(context.Background(), path, options)
	mustFail(t, err, "not a database")
	if got, err := os.ReadFile(path); err != nil || string(got) != notes {
		t.Errorf("the file was changed (%v)", err)
	}
}

func TestStoreIsForItsOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tracker.db")
	s := mustOpen(t, path, never)
	mustCommit(t, s, &tracker.Batch{Customers: []string{"a"}})
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(path + suffix)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", suffix, info.Mode(), err)
		}
	}
}
