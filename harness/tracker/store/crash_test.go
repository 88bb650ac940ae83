package store

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

const childURL = "HAPROOF_STORE_CHILD"

// childScript is what the children commit, one after the other.
func childScript() *script {
	sc := newScript(77)
	sc.custs, sc.size = 600, 40
	return sc
}

// busy folds all the time.
var busy = settings{foldStates: 300, foldRows: 5, foldAge: 1 << 60, maxStates: 2000, tidyAge: 1 << 60, usageRows: 50}

// commitForEver is what the child does that is killed: it says the number of every
// batch that was committed.
func commitForEver(url string) {
	var c clock
	c.set(firstDay)
	with := busy
	with.now = c.now
	s, err := open(context.Background(), url, options, with)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	sc := childScript()
	for sc.n < int(s.Stats().Batches) {
		sc.batch()
	}
	for {
		b := sc.batch()
		c.set(b.At)
		if err := s.Commit(context.Background(), b); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(sc.n)
	}
}

func TestKilledAtAnyInstantLosesNothingAndRepeatsNothing(t *testing.T) {
	kills := 50
	if testing.Short() {
		kills = 5
	}
	quick := never
	quick.usageRows = 10_000 // all is read 50 times
	onBoth(t, func(t *testing.T, r rig) {
		url, sc := r.url(t), childScript()
		rng := rand.New(rand.NewPCG(1, 2))
		for kill := range kills {
			acked := runAndKill(t, url, 1+rng.IntN(20), time.Duration(rng.IntN(4000))*time.Microsecond)
			s := mustOpen(t, url, quick)
			stored := int(s.Stats().Batches)
			if stored < acked {
				t.Fatalf("kill %d: %d batches are stored, %d were acknowledged", kill, stored, acked)
			}
			for sc.n < stored {
				sc.batch()
			}
			mustHold(t, s, sc.model)
			crash(s)
			if report := mustVerify(t, url); report.Failures > 0 {
				t.Fatalf("kill %d: %q", kill, report.Findings)
			}
		}
		t.Logf("%d batches survived %d kills", sc.n, kills)
	})
}

// runAndKill runs the child until it has acknowledged n batches and then for a
// while, and returns the number of the last one that it acknowledged.
func runAndKill(t *testing.T, url string, n int, longer time.Duration) int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childURL+"="+url)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acked := 0
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		number, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Errorf("child: %s", lines.Text())
			break
		}
		acked = number
		if n--; n == 0 {
			time.AfterFunc(longer, func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return acked
}

// The files of SQLite are copied after each transaction of commits and folds: what a
// machine would have left that lost its power then.
func TestCopiedAfterAnyTransactionIsWhole(t *testing.T) {
	dir, sc := t.TempDir(), newScript(21)
	sc.custs, sc.size = 1500, 200
	path := filepath.Join(dir, "tracker.db")
	s := mustOpen(t, path, never)
	copies := 0
	check := func() {
		copies++
		to := filepath.Join(t.TempDir(), "copy.db")
		for _, suffix := range []string{"", "-wal"} {
			data, err := os.ReadFile(path + suffix)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(to+suffix, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		copied := mustOpen(t, to, never)
		mustHold(t, copied, sc.model)
		mustFold(t, copied)
		mustHold(t, copied, sc.model)
		crash(copied)
	}
	for i := range 12 {
		mustCommit(t, s, sc.batch())
		check()
		if i%4 != 3 {
			continue
		}
		err := s.fold(context.Background(), func(ctx context.Context, f func(tx queryer) error) error {
			err := s.step(ctx, f)
			check()
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d copies", copies)
}
