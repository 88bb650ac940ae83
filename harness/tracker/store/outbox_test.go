package store

import (
	"context"
	"fmt"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/tracker"
)

func message(n int) tracker.Message {
	return tracker.Message{ID: fmt.Sprint("id", n), Kind: "limit", Body: fmt.Appendf(nil, `{"n":%d}`, n), Created: firstDay.Add(time.Duration(n) * time.Nanosecond)}
}

func ids(messages []tracker.Message) (list []string) {
	for _, m := range messages {
		list = append(list, m.ID)
	}
	return list
}

func TestMessagesStayUntilTheyAreDelivered(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		ctx, url := context.Background(), r.url(t)
		s := mustOpen(t, url, never)
		short, again := message(1), message(2)
		short.Until = firstDay.Add(24 * time.Hour)
		again.Body = []byte("changed")
		mustCommit(t, s, &tracker.Batch{Messages: []tracker.Message{message(3), short, message(2)}})
		mustCommit(t, s, &tracker.Batch{Messages: []tracker.Message{again, message(4)}})
		got, err := s.Messages(ctx, 3)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff([]tracker.Message{short, message(2), message(3)}, got); diff != "" {
			t.Errorf("the oldest three (-want +got):\n%s", diff)
		}
		for range 2 { // twice is no error
			for _, id := range []string{"id1", "id3"} {
				if err := s.Delivered(ctx, id, firstDay); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := s.Delivered(ctx, "nobody", firstDay); err == nil {
			t.Error("a message was delivered that never was")
		}
		crash(s)
		s = mustOpen(t, url, never)
		if got, err := s.Messages(ctx, 10); err != nil || fmt.Sprint(ids(got)) != "[id2 id4]" {
			t.Errorf("%v, %v", ids(got), err)
		}
	})
}

func TestDeliveredMessagesAreRememberedAsLongAsTheySay(t *testing.T) {
	onBoth(t, func(t *testing.T, r rig) {
		ctx := context.Background()
		var c clock
		c.set(firstDay)
		with := never
		with.now = c.now
		s := mustOpen(t, r.url(t), with)
		day := message(1)
		day.Until = firstDay.Add(24 * time.Hour)
		waiting := message(2)
		waiting.Until = day.Until
		mustCommit(t, s, &tracker.Batch{Messages: []tracker.Message{day, waiting, message(3)}})
		if err := s.Delivered(ctx, "id1", firstDay); err != nil {
			t.Fatal(err)
		}
		remembered := func() string {
			list := map[string]time.Time{}
			err := s.Remembered(ctx, c.now(), func(id string, until time.Time) error {
				list[id] = until
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(list)
		}
		want := fmt.Sprint(map[string]time.Time{"id1": day.Until, "id2": day.Until, "id3": {}})
		mustFold(t, s)
		if got := remembered(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		c.set(day.Until)
		mustFold(t, s)
		if got, want := remembered(), fmt.Sprint(map[string]time.Time{"id3": {}}); got != want {
			t.Errorf("a day later: got %s, want %s", got, want)
		}
		var n int
		if err := s.engine.pool().QueryRow(`SELECT count(*) FROM messages`).Scan(&n); err != nil || n != 2 {
			t.Errorf("%d messages are stored, want 2: one is not delivered, one is for ever (%v)", n, err)
		}
	})
}
