package store

import (
	"context"
	"strings"
	"testing"

	"github.com/haproof/haproof/harness/tracker"
)

// A store with something in every table.
func tamperable(t *testing.T, r rig) (*Store, string) {
	t.Helper()
	url, sc := r.url(t), newScript(31)
	s := mustOpen(t, url, never)
	for i := range 60 {
		mustCommit(t, s, sc.batch())
		if i == 40 {
			mustFold(t, s)
		}
	}
	return s, url
}

func TestVerifyFindsWhateverWasTamperedWith(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		for _, c := range []struct{ name, query, want string }{
			{"usage raised", `UPDATE usage SET n = n + 1 WHERE customer = 5 AND hour = (SELECT max(hour) FROM usage WHERE customer = 5)`, "customer 5:"},
			{"usage deleted", `DELETE FROM usage WHERE customer = 5 AND hour = (SELECT max(hour) FROM usage WHERE customer = 5)`, "customer 5:"},
			{"usage of nobody", `INSERT INTO usage (hour, customer, n) VALUES (500000, 4000000, 1)`, "customer 4000000 is not stored"},
			{"usage below zero", `UPDATE usage SET n = -1 WHERE customer = 7`, "customer 7: -1"},
			{"usage charged to another", `UPDATE usage SET customer = 4000000 WHERE customer = 9`, "customer 9:"},
			{"entries gone", `DELETE FROM entry_blocks WHERE id = (SELECT min(id) FROM entry_blocks)`, "its entries make"},
			{"entries of one book taken for another's", `UPDATE entry_blocks SET id = id + 8388608000 WHERE id = (SELECT min(id) FROM entry_blocks)`, "wrong checksum"},
			{"open hour gone", `DELETE FROM usage_blocks WHERE id = (SELECT min(id) FROM usage_blocks)`, "its usage makes"},
			{"name changed", `UPDATE customers SET name = 'mallory' WHERE id = 3`, `"mallory"`},
			{"customer gone", `DELETE FROM customers WHERE id = 3`, "is not what names say"},
			{"book gone", `DELETE FROM books WHERE id = (SELECT min(id) FROM books WHERE id IN (SELECT id / 8388608 FROM entry_blocks))`, "is not stored"},
			{"batch gone", `DELETE FROM journal WHERE seq = (SELECT max(seq) - 3 FROM journal)`, "is followed by"},
			{"batch swapped", `UPDATE journal SET body = (SELECT body FROM journal j WHERE j.seq = journal.seq - 1) WHERE seq = (SELECT max(seq) FROM journal)`, "wrong checksum"},
			{"progress forged", `UPDATE progress SET folded = folded + 1`, ""},
			{"older usage raised", `INSERT INTO usage_before (customer, n) VALUES (2, 1)`, "customer 2:"},
		} {
			s, url := tamperable(t, r)
			if report := mustVerify(t, url); report.Failures != 0 || report.Counted == 0 || report.Counted != report.Used {
				t.Fatalf("before: %+v", report)
			}
			tamper(t, s, c.query)
			report := mustVerify(t, url)
			if report.Failures == 0 || !strings.Contains(strings.Join(report.Findings, "\n"), c.want) {
				t.Errorf("%s: %d findings %q, want one with %q", c.name, report.Failures, report.Findings, c.want)
			}
			crash(s)
		}
	})
}

// Each byte of a block and of a batch counts.
func TestLoadRefusesADamagedStore(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		for _, table := range []string{"entry_blocks WHERE id = (SELECT max(id) FROM entry_blocks)", "journal WHERE seq = (SELECT max(seq) FROM journal)"} {
			s, url := tamperable(t, r)
			name, where, _ := strings.Cut(table, " ")
			var body []byte
			if err := s.engine.pool().QueryRow(`SELECT body FROM ` + table).Scan(&body); err != nil {
				t.Fatal(err)
			}
			body[len(body)/2] ^= 1
			tamper(t, s, `UPDATE `+name+` SET body = $1 `+where, body)
			var c content
			if err := s.Load(context.Background(), &c); err == nil || !strings.Contains(err.Error(), "checksum") {
				t.Errorf("%s: %v", name, err)
			}
			if report := mustVerify(t, url); report.Failures == 0 {
				t.Errorf("%s: verify found nothing", name)
			}
			crash(s)
		}
	})
}

func TestVerifyCountsWhatItSaw(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		url := r.url(t)
		s := mustOpen(t, url, never)
		mustCommit(t, s, &tracker.Batch{
			At: firstDay, Customers: []string{"a", "b"}, Books: []tracker.BookState{{ID: 0, Source: "edge"}},
			Entries: []tracker.EntryState{{Customer: 0, Base: 1 << 40, Last: 7}, {Customer: 1, Last: 1}},
			Growth:  []tracker.Growth{{Customer: 0, Hour: 9, N: 1<<40 + 7}, {Customer: 1, Hour: 9, N: 1}},
		})
		want := Report{Customers: 2, Books: 1, Entries: 2, Batches: 1, Unfolded: 1, Counted: 1<<40 + 8, Used: 1<<40 + 8}
		if got := mustVerify(t, url); got.Customers != want.Customers || got.Books != want.Books || got.Entries != want.Entries ||
			got.Batches != want.Batches || got.Unfolded != want.Unfolded || got.Counted != want.Counted || got.Used != want.Used || got.Failures != 0 {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}
